// Package crm keeps the people an organization deals with: contacts and what
// Meta calls them.
//
// A contact is found by any of its identities on any channel of its
// organization, so a customer who writes to two numbers is one contact. When a
// message shows that two contacts are the same person (its sender carries an
// identity of each), they are merged.
package crm
