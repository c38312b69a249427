package graph_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"recado/credits"
	"recado/graph"
	"recado/models"
)

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	require.NoError(t, err)
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
}

// own are the types of the schema that GraphQL does not define itself.
func own(t *testing.T) map[string]*ast.Definition {
	t.Helper()
	types := make(map[string]*ast.Definition)
	for name, definition := range schema(t).Types {
		if !definition.BuiltIn {
			types[name] = definition
		}
	}
	return types
}

func TestSchema(t *testing.T) {
	t.Run("documents every type, field, argument, enum value and input field", func(t *testing.T) {
		for name, definition := range own(t) {
			require.NotEmpty(t, definition.Description, name)
			for _, field := range definition.Fields {
				if strings.HasPrefix(field.Name, "__") {
					continue
				}
				require.NotEmpty(t, field.Description, "%s.%s", name, field.Name)
				for _, argument := range field.Arguments {
					require.NotEmpty(t, argument.Description, "%s.%s(%s)", name, field.Name, argument.Name)
				}
			}
			for _, value := range definition.EnumValues {
				require.NotEmpty(t, value.Description, "%s.%s", name, value.Name)
			}
		}
	})

	t.Run("has nullable root fields, and one input and a payload with userErrors per mutation", func(t *testing.T) {
		types := own(t)
		for _, root := range []string{"Query", "Mutation", "Subscription"} {
			for _, field := range types[root].Fields {
				if field.Name == "nodes" || strings.HasPrefix(field.Name, "__") {
					continue // the contract of Relay
				}
				require.False(t, field.Type.NonNull, "%s.%s", root, field.Name)
			}
		}
		for _, mutation := range types["Mutation"].Fields {
			name := strings.ToUpper(mutation.Name[:1]) + mutation.Name[1:]
			require.Len(t, mutation.Arguments, 1, mutation.Name)
			require.Equal(t, name+"Input!", mutation.Arguments[0].Type.String())
			require.Equal(t, name+"Payload", mutation.Type.String())
			problems := types[name+"Payload"].Fields.ForName("userErrors")
			require.NotNil(t, problems, mutation.Name)
			require.Regexp(t, `^\[\w+UserError!\]!$`, problems.Type.String())
		}
	})

	t.Run("has edges, nodes and a page info in every connection, and asks for pages in one way", func(t *testing.T) {
		for name, definition := range own(t) {
			if item, ok := strings.CutSuffix(name, "Connection"); ok {
				require.Equal(t, "["+item+"Edge!]!", definition.Fields.ForName("edges").Type.String())
				require.Equal(t, "["+item+"!]!", definition.Fields.ForName("nodes").Type.String())
				require.Equal(t, "PageInfo!", definition.Fields.ForName("pageInfo").Type.String())
			}
			for _, field := range definition.Fields {
				if strings.HasSuffix(field.Type.Name(), "Connection") {
					for argument, kind := range map[string]string{"first": "Int", "after": "String", "last": "Int", "before": "String"} {
						require.NotNil(t, field.Arguments.ForName(argument), "%s.%s(%s)", name, field.Name, argument)
						require.Equal(t, kind, field.Arguments.ForName(argument).Type.String())
					}
				}
			}
		}
	})

	t.Run("names what is about credits as models does", func(t *testing.T) {
		values := func(enum string) (names []string) {
			for _, value := range own(t)[enum].EnumValues {
				names = append(names, value.Name)
			}
			return names
		}
		require.ElementsMatch(t, values("PricingModel"), []string{string(models.PerConversation), string(models.PerMessage)})
		require.ElementsMatch(t, values("PricingCategory"), []string{
			string(models.CategoryMarketing), string(models.CategoryUtility), string(models.CategoryAuthentication),
			string(models.CategoryAuthenticationInternational), string(models.CategoryService),
		})
		require.ElementsMatch(t, values("PriceBasis"), []string{
			string(models.BasisRate), string(models.BasisSession), string(models.BasisAllowance), string(models.BasisFreeEntryPoint),
		})
		require.ElementsMatch(t, values("PaymentProvider"), []string{string(models.ProviderStripe), string(models.ProviderManual)})
		require.ElementsMatch(t, values("CreditCause"), []string{
			string(models.CauseHold), string(models.CauseSettlement), string(models.CauseRelease), string(models.CauseLateCharge),
			string(models.CausePurchase), string(models.CauseGrant),
		})
		var accounts []string
		for _, account := range models.LedgerAccounts {
			accounts = append(accounts, string(account))
		}
		require.ElementsMatch(t, values("CreditLedgerAccount"), accounts)
		require.ElementsMatch(t, values("CreditPurchaseStatus"), []string{
			string(models.PurchasePending), string(models.PurchasePaid), string(models.PurchaseFailed), string(models.PurchaseExpired),
		})
		require.ElementsMatch(t, values("CreditPurchaseOrigin"), []string{string(models.OriginPerson), string(models.OriginAutoRecharge)})
		require.ElementsMatch(t, values("CreditUsageDimension"), []string{
			string(credits.UsageByDay), string(credits.UsageByCategory), string(credits.UsageByCountry), string(credits.UsageByChannel),
			string(credits.UsageByTemplate),
		})
	})

	t.Run("names kinds and states as models does", func(t *testing.T) {
		values := func(enum string) (names []string) {
			for _, value := range own(t)[enum].EnumValues {
				names = append(names, value.Name)
			}
			return names
		}
		require.ElementsMatch(t, values("MessagingLevel"), []string{string(models.LevelNone), string(models.LevelView), string(models.LevelReply)})
		require.ElementsMatch(t, values("ConversationStatus"), []string{string(models.ConversationOpen), string(models.ConversationClosed)})
		require.ElementsMatch(t, values("ContactIdentityKind"), []string{string(models.IdentityWAID), string(models.IdentityUser)})
		require.ElementsMatch(t, values("MessageDirection"), []string{string(models.Inbound), string(models.Outbound)})
		require.ElementsMatch(t, values("PresenceState"), []string{string(models.PresenceViewing), string(models.PresenceTyping), string(models.PresenceNone)})
		require.ElementsMatch(t, values("Availability"), []string{string(models.Online), string(models.Away)})
		require.ElementsMatch(t, values("AssignmentCause"), []string{
			string(models.AssignedRoundRobin), string(models.AssignedFormer), string(models.AssignedQueue), string(models.AssignedWaiting),
			string(models.AssignedByHand), string(models.AssignedBulk), string(models.AssignedNobody), string(models.AssignedMerge),
		})
		require.ElementsMatch(t, values("AssignmentSkipReason"), []string{
			string(models.SkipSwitchedOff), string(models.SkipMayNotReply), string(models.SkipAway), string(models.SkipAtCeiling),
		})
		require.ElementsMatch(t, values("ChannelStatus"), []string{
			string(models.ChannelConnected), string(models.ChannelReauthorizationRequired), string(models.ChannelDisconnected),
		})
		asTexts := func(names ...any) (texts []string) {
			for _, name := range names {
				texts = append(texts, fmt.Sprint(name))
			}
			return texts
		}
		var statuses []any
		for _, status := range models.TemplateStatuses {
			statuses = append(statuses, status)
		}
		require.ElementsMatch(t, values("TemplateStatus"), asTexts(statuses...))
		require.ElementsMatch(t, values("TemplateCategory"), asTexts(models.TemplateMarketing, models.TemplateUtility, models.TemplateAuthentication))
		require.ElementsMatch(t, values("TemplateStepKind"), asTexts(
			models.TemplateStepCreated, models.TemplateStepFound, models.TemplateStepEdited, models.TemplateStepSubmitted, models.TemplateStepRefused,
			models.TemplateStepStatus, models.TemplateStepQuality, models.TemplateStepCategory, models.TemplateStepNotice, models.TemplateStepContent))
		require.ElementsMatch(t, values("TemplateWarningCode"), asTexts(
			models.WarnVariableFirst, models.WarnVariableLast, models.WarnVariablesAdjacent, models.WarnTooManyVariables, models.WarnLanguageMismatch,
			models.WarnLooksLikeMarketing, models.WarnLooksLikeCode, models.WarnLooksLikeSpam, models.WarnShortLink))
		var kinds []any
		for _, kind := range models.FieldKinds {
			kinds = append(kinds, kind)
		}
		require.ElementsMatch(t, values("CustomFieldKind"), asTexts(kinds...))
		require.ElementsMatch(t, values("RecordType"), asTexts(models.RecordContact, models.RecordCompany, models.RecordDeal))
		require.ElementsMatch(t, values("PipelineStageKind"), asTexts(models.StageOpen, models.StageWon, models.StageLost))
		require.ElementsMatch(t, values("MessageStatus"), []string{
			string(models.StatusReceived), string(models.StatusQueued), string(models.StatusSending), string(models.StatusUnconfirmed),
			string(models.StatusAccepted), string(models.StatusSent), string(models.StatusDelivered), string(models.StatusRead),
			string(models.StatusPlayed), string(models.StatusFailed), string(models.StatusCanceled),
		})
	})
}

func TestTexts(t *testing.T) {
	texts := func(language string) map[string]string {
		raw, err := os.ReadFile("texts/" + language + ".json")
		require.NoError(t, err)
		var all map[string]string
		require.NoError(t, json.Unmarshal(raw, &all))
		return all
	}
	english, portuguese := texts("en"), texts("pt-BR")

	t.Run("exist in both languages", func(t *testing.T) {
		require.Len(t, portuguese, len(english))
		for id, text := range english {
			require.NotEmpty(t, text, id)
			require.NotEmpty(t, portuguese[id], id)
			require.NotEqual(t, text, portuguese[id], id)
			// The same parameters, or something would be lost in translation.
			for parameter := range strings.FieldsSeq(strings.NewReplacer("{", " ", "}", " ").Replace(text)) {
				if strings.HasPrefix(parameter, ".") && len(parameter) > 1 {
					require.Contains(t, portuguese[id], parameter, id)
				}
			}
		}
	})
	t.Run("exist for each code of user errors and failures", func(t *testing.T) {
		enums := 0
		for name, definition := range own(t) {
			var prefix string
			switch {
			case strings.HasSuffix(name, "ErrorCode"):
				prefix = "error."
			case name == "MessageFailureCode":
				prefix = "failure."
			case name == "ContactBlockFailureCode":
				prefix = "block."
			case name == "ChannelSetupFailureCode":
				prefix = "setup."
			case name == "ChannelProblemCode":
				prefix = "problem."
			case name == "AttachmentFailureCode":
				prefix = "attachment."
			case name == "TemplateWarningCode":
				prefix = "template.warning."
			case name == "TemplateBlockerCode":
				prefix = "error."
			default:
				continue
			}
			enums++
			for _, value := range definition.EnumValues {
				require.Contains(t, english, prefix+value.Name)
			}
		}
		require.Equal(t, 25, enums)
		for _, code := range []models.Code{
			models.CodeInvalid, models.CodeRequired, models.CodeNotFound, models.CodeForbidden, models.CodeUnauthenticated,
			models.CodeConflict, models.CodeInvalidCredentials, models.CodeTooManyAttempts, models.CodeSessionExpired,
			models.CodeServiceWindowClosed, models.CodeChannelUnavailable, models.CodeIdempotencyKeyReused,
			models.CodeAssigneeNotAllowed, models.CodeCursorExpired, models.CodeAlreadyExists, models.CodeLimitReached,
			models.CodeMentionNotAllowed,
			models.CodeInsufficientCredits, models.CodePaymentUnavailable, models.CodePaymentNotPending,
		} {
			require.Contains(t, english, "error."+string(code))
		}
	})
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"":                           "en",
		"pt-BR":                      "pt-BR",
		"pt":                         "pt-BR",
		"pt-PT,en;q=0.5":             "pt-BR",
		"en-GB,pt;q=0.9":             "en",
		"fr-FR, pt-BR;q=0.8":         "pt-BR",
		"ja":                         "en",
		"*":                          "en",
		"\x00 not a language at all": "en",
	} {
		require.Equal(t, want, graph.Language(header).String(), header)
	}
}
