package graph

import "recado/graph/generated"

// resolvers hands out the resolvers of each type.
type resolvers struct{ *Edge }

var _ generated.ResolverRoot = resolvers{}

type (
	queryResolver                     struct{ *Edge }
	mutationResolver                  struct{ *Edge }
	subscriptionResolver              struct{ *Edge }
	viewerResolver                    struct{ *Edge }
	userResolver                      struct{ *Edge }
	channelResolver                   struct{ *Edge }
	channelPermissionResolver         struct{ *Edge }
	channelSetupResolver              struct{ *Edge }
	channelSetupFailureResolver       struct{ *Edge }
	channelProblemResolver            struct{ *Edge }
	channelChangedEventResolver       struct{ *Edge }
	channelSetupChangedEventResolver  struct{ *Edge }
	profileResolver                   struct{ *Edge }
	channelCountsResolver             struct{ *Edge }
	contactResolver                   struct{ *Edge }
	contactIdentityResolver           struct{ *Edge }
	conversationResolver              struct{ *Edge }
	messageResolver                   struct{ *Edge }
	attachmentResolver                struct{ *Edge }
	assignmentEntryResolver           struct{ *Edge }
	assignmentSkipResolver            struct{ *Edge }
	presenceResolver                  struct{ *Edge }
	messageAddedEventResolver         struct{ *Edge }
	messageStatusChangedEventResolver struct{ *Edge }
	messageChangedEventResolver       struct{ *Edge }
	messageReactionResolver           struct{ *Edge }
	conversationChangedEventResolver  struct{ *Edge }
	conversationMergedEventResolver   struct{ *Edge }
	tagResolver                       struct{ *Edge }
	quickReplyResolver                struct{ *Edge }
	noteResolver                      struct{ *Edge }
	notificationResolver              struct{ *Edge }
	noteAddedEventResolver            struct{ *Edge }
	noteChangedEventResolver          struct{ *Edge }
	noteDeletedEventResolver          struct{ *Edge }
	contactBlockResolver              struct{ *Edge }
	contactBlockChangedEventResolver  struct{ *Edge }
	notificationAddedEventResolver    struct{ *Edge }
	notificationsReadEventResolver    struct{ *Edge }
	creditAccountResolver             struct{ *Edge }
	autoRechargeResolver              struct{ *Edge }
	freeAllowanceResolver             struct{ *Edge }
	creditPurchaseResolver            struct{ *Edge }
	creditUsageResolver               struct{ *Edge }
	creditEventResolver               struct{ *Edge }
	templateResolver                  struct{ *Edge }
	templateStepResolver              struct{ *Edge }
	templateHeaderResolver            struct{ *Edge }
	templatePreviewResolver           struct{ *Edge }
	templateContentResolver           struct{ *Edge }
	templateChangedEventResolver      struct{ *Edge }
	companyResolver                   struct{ *Edge }
	pipelineResolver                  struct{ *Edge }
	pipelineStageResolver             struct{ *Edge }
	dealResolver                      struct{ *Edge }
	dealCreationResolver              struct{ *Edge }
	dealChangedEventResolver          struct{ *Edge }
	dealDeletedEventResolver          struct{ *Edge }
	pipelinesChangedEventResolver     struct{ *Edge }
)

// Query and the methods after it are what the generated code asks for.
func (r resolvers) Query() generated.QueryResolver               { return queryResolver(r) }
func (r resolvers) Mutation() generated.MutationResolver         { return mutationResolver(r) }
func (r resolvers) Subscription() generated.SubscriptionResolver { return subscriptionResolver(r) }
func (r resolvers) Viewer() generated.ViewerResolver             { return viewerResolver(r) }
func (r resolvers) User() generated.UserResolver                 { return userResolver(r) }
func (r resolvers) Channel() generated.ChannelResolver           { return channelResolver(r) }
func (r resolvers) Profile() generated.ProfileResolver           { return profileResolver(r) }
func (r resolvers) ChannelSetup() generated.ChannelSetupResolver { return channelSetupResolver(r) }

func (r resolvers) ChannelSetupFailure() generated.ChannelSetupFailureResolver {
	return channelSetupFailureResolver(r)
}

func (r resolvers) ChannelProblem() generated.ChannelProblemResolver {
	return channelProblemResolver(r)
}

func (r resolvers) ChannelChangedEvent() generated.ChannelChangedEventResolver {
	return channelChangedEventResolver(r)
}

func (r resolvers) ChannelSetupChangedEvent() generated.ChannelSetupChangedEventResolver {
	return channelSetupChangedEventResolver(r)
}

func (r resolvers) ChannelPermission() generated.ChannelPermissionResolver {
	return channelPermissionResolver(r)
}

func (r resolvers) ChannelCounts() generated.ChannelCountsResolver {
	return channelCountsResolver(r)
}

func (r resolvers) Contact() generated.ContactResolver { return contactResolver(r) }

func (r resolvers) ContactIdentity() generated.ContactIdentityResolver {
	return contactIdentityResolver(r)
}

func (r resolvers) Conversation() generated.ConversationResolver { return conversationResolver(r) }
func (r resolvers) Message() generated.MessageResolver           { return messageResolver(r) }

func (r resolvers) AssignmentEntry() generated.AssignmentEntryResolver {
	return assignmentEntryResolver(r)
}

func (r resolvers) Presence() generated.PresenceResolver { return presenceResolver(r) }

func (r resolvers) AssignmentSkip() generated.AssignmentSkipResolver {
	return assignmentSkipResolver(r)
}

func (r resolvers) Attachment() generated.AttachmentResolver { return attachmentResolver(r) }

func (r resolvers) MessageAddedEvent() generated.MessageAddedEventResolver {
	return messageAddedEventResolver(r)
}

func (r resolvers) MessageStatusChangedEvent() generated.MessageStatusChangedEventResolver {
	return messageStatusChangedEventResolver(r)
}

func (r resolvers) MessageChangedEvent() generated.MessageChangedEventResolver {
	return messageChangedEventResolver(r)
}

func (r resolvers) MessageReaction() generated.MessageReactionResolver {
	return messageReactionResolver(r)
}

func (r resolvers) ConversationChangedEvent() generated.ConversationChangedEventResolver {
	return conversationChangedEventResolver(r)
}

func (r resolvers) ConversationMergedEvent() generated.ConversationMergedEventResolver {
	return conversationMergedEventResolver(r)
}

func (r resolvers) Template() generated.TemplateResolver         { return templateResolver(r) }
func (r resolvers) TemplateStep() generated.TemplateStepResolver { return templateStepResolver(r) }
func (r resolvers) TemplateHeader() generated.TemplateHeaderResolver {
	return templateHeaderResolver(r)
}

func (r resolvers) TemplatePreview() generated.TemplatePreviewResolver {
	return templatePreviewResolver(r)
}

func (r resolvers) TemplateContent() generated.TemplateContentResolver {
	return templateContentResolver(r)
}

func (r resolvers) TemplateChangedEvent() generated.TemplateChangedEventResolver {
	return templateChangedEventResolver(r)
}

func (r resolvers) Tag() generated.TagResolver                   { return tagResolver(r) }
func (r resolvers) QuickReply() generated.QuickReplyResolver     { return quickReplyResolver(r) }
func (r resolvers) Note() generated.NoteResolver                 { return noteResolver(r) }
func (r resolvers) Notification() generated.NotificationResolver { return notificationResolver(r) }

func (r resolvers) NoteAddedEvent() generated.NoteAddedEventResolver {
	return noteAddedEventResolver(r)
}

func (r resolvers) NoteChangedEvent() generated.NoteChangedEventResolver {
	return noteChangedEventResolver(r)
}

func (r resolvers) NoteDeletedEvent() generated.NoteDeletedEventResolver {
	return noteDeletedEventResolver(r)
}

func (r resolvers) ContactBlock() generated.ContactBlockResolver {
	return contactBlockResolver(r)
}

func (r resolvers) ContactBlockChangedEvent() generated.ContactBlockChangedEventResolver {
	return contactBlockChangedEventResolver(r)
}

func (r resolvers) NotificationAddedEvent() generated.NotificationAddedEventResolver {
	return notificationAddedEventResolver(r)
}

func (r resolvers) NotificationsReadEvent() generated.NotificationsReadEventResolver {
	return notificationsReadEventResolver(r)
}

func (r resolvers) CreditAccount() generated.CreditAccountResolver { return creditAccountResolver(r) }

func (r resolvers) AutoRecharge() generated.AutoRechargeResolver { return autoRechargeResolver(r) }

func (r resolvers) FreeAllowance() generated.FreeAllowanceResolver { return freeAllowanceResolver(r) }

func (r resolvers) CreditPurchase() generated.CreditPurchaseResolver {
	return creditPurchaseResolver(r)
}
func (r resolvers) CreditUsage() generated.CreditUsageResolver { return creditUsageResolver(r) }
func (r resolvers) CreditEvent() generated.CreditEventResolver { return creditEventResolver(r) }

func (r resolvers) Company() generated.CompanyResolver             { return companyResolver(r) }
func (r resolvers) Pipeline() generated.PipelineResolver           { return pipelineResolver(r) }
func (r resolvers) PipelineStage() generated.PipelineStageResolver { return pipelineStageResolver(r) }
func (r resolvers) Deal() generated.DealResolver                   { return dealResolver(r) }
func (r resolvers) DealCreation() generated.DealCreationResolver   { return dealCreationResolver(r) }

func (r resolvers) DealChangedEvent() generated.DealChangedEventResolver {
	return dealChangedEventResolver(r)
}

func (r resolvers) DealDeletedEvent() generated.DealDeletedEventResolver {
	return dealDeletedEventResolver(r)
}

func (r resolvers) PipelinesChangedEvent() generated.PipelinesChangedEventResolver {
	return pipelinesChangedEventResolver(r)
}
