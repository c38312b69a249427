package graph

// FeedCursor is how clients see a place in an organization's feed.
var FeedCursor = feedCursor
