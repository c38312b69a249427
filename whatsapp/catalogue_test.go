package whatsapp

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// referenceClasses are the tables of reference/whatsapp-cloud-api.md §11.3 and
// §11.4, copied apart from the catalogue. Ranges whose class the reference
// leaves open are expected as N.
const referenceClasses = `
1 B, 2 B, 3 A, 4 B, 10 A, 17 B, 32 B, 341 B, 613 B, 33 A, 100 N, 102 A, 104 N, 190 A, 200-299 A, 368 A, 506 N,
803 N, 2200 N, 2500 N, 80007 D, 80008 D, 130429 B, 130472 X, 130497 X, 131000 B, 131005 A, 131008 N, 131009 N,
131016 B, 131020 N, 131021 N, 131026 X, 131030 N, 131031 A, 131036 N, 131037 A, 131041 N, 131042 A, 131044 A,
131045 A, 131047 X, 131048 D, 131049 X, 131050 X, 131051 N, 131052 N, 131053 N, 131055 N, 131056 B, 131057 B,
131059 N, 131060 N, 131062 N, 131063 A, 131064 A, 131201-131215 N, 132000 N, 132001 N, 132005 N, 132007 N,
132008 N, 132012 N, 132015 D, 132016 A, 132018 N, 132068 A, 132069 D, 133000 B, 133004 B, 133005 A, 133006 A,
133008 D, 133009 D, 133010 A, 133015 D, 133016 D, 134011 A, 134100 N, 134101 B, 134103 A, 135000 N, 137000 N,
138000-138018 N, 139000-139004 N, 139100 N, 139101 N, 139102 B, 139103 B, 147001-147005 N, 1026 X`

func TestCatalogue(t *testing.T) {
	for row := range strings.SplitSeq(referenceClasses, ",") {
		var first, last int
		var class string
		row = strings.TrimSpace(row)
		if n, _ := fmt.Sscanf(row, "%d-%d %s", &first, &last, &class); n != 3 {
			_, err := fmt.Sscanf(row, "%d %s", &first, &class)
			require.NoError(t, err, row)
			last = first
		}
		for code := first; code <= last; code++ {
			e := ErrorFromMeta(MetaError{Code: code})
			require.Equal(t, class, e.Class.String(), "code %d", code)
			require.NotEqual(t, CodeUnknown, e.Code, "code %d", code)
		}
	}

	t.Run("rows_do_not_repeat_a_code_and_agree_with_themselves", func(t *testing.T) {
		seen := map[int]bool{}
		for _, e := range catalogue {
			require.NotEmpty(t, e.code, e.from)
			require.NotEmpty(t, e.next, e.from)
			require.True(t, e.to == 0 || e.to > e.from, e.from)
			for code := e.from; code <= max(e.from, e.to); code++ {
				require.False(t, seen[code], code)
				seen[code] = true
			}
			waits := e.class == ClassBackoff || e.class == ClassDelay
			require.Equal(t, waits, e.next == NextActionRetryLater, e.from)
			require.False(t, e.wait != 0 && !waits, e.from)
			require.False(t, e.class == ClassDelay && e.wait < 5*time.Minute, e.from)
			require.False(t, e.wait != 0 && e.wait <= longestQuickWait, e.from)
		}
	})
}

func TestErrorFromMeta(t *testing.T) {
	cases := []struct {
		name string
		meta MetaError
		want Error
	}{
		{
			"closed_window",
			MetaError{Code: 131047, Details: "why"},
			Error{Code: CodeWindowClosed, Class: ClassRecipient, NextAction: NextActionSendTemplate},
		},
		{
			"expired_token_with_subcode",
			MetaError{Code: 190, Subcode: 463},
			Error{Code: CodeTokenInvalid, Class: ClassAct, NextAction: NextActionReconnectChannel},
		},
		{
			"payment",
			MetaError{Code: 131042},
			Error{Code: CodePaymentRequired, Class: ClassAct, NextAction: NextActionFixBilling},
		},
		{
			"pair_rate",
			MetaError{Code: 131056},
			Error{Code: CodePairRateLimited, Class: ClassBackoff, NextAction: NextActionRetryLater, Retryable: true, RetryAfter: 6 * time.Second},
		},
		{
			"spam",
			MetaError{Code: 131048},
			Error{Code: CodeSpamRateLimited, Class: ClassDelay, NextAction: NextActionRetryLater, Retryable: true, RetryAfter: 6 * time.Hour},
		},
		{
			"invalid_parameter_with_unknown_object",
			MetaError{Code: 100, Subcode: 33},
			Error{Code: CodeObjectNotFound, Class: ClassNever, NextAction: NextActionReconnectChannel},
		},
		{
			"invalid_parameter_with_template_subcode",
			MetaError{Code: 100, Subcode: 2388040},
			Error{Code: CodeTemplateInvalid, Class: ClassNever, NextAction: NextActionFixRequest},
		},
		{
			"invalid_parameter_with_short_subcode",
			MetaError{Code: 100, Subcode: 190},
			Error{Code: CodeInvalidRequest, Class: ClassNever, NextAction: NextActionFixRequest},
		},
		{
			"unknown_code",
			MetaError{Code: 999999},
			Error{Code: CodeUnknown, Class: ClassNever, NextAction: NextActionContactMeta},
		},
		{
			"unknown_code_that_is_transient",
			MetaError{Code: 999999, Transient: true},
			Error{Code: CodeUnknown, Class: ClassBackoff, NextAction: NextActionRetryLater, Retryable: true},
		},
		{
			"missing_code_is_no_invalid_token",
			MetaError{Message: "?"},
			Error{Code: CodeUnknown, Class: ClassNever, NextAction: NextActionContactMeta},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.want.Meta = c.meta
			require.Equal(t, &c.want, ErrorFromMeta(c.meta))
		})
	}
}

// TestRefusal sends a text and gets each kind of answer over HTTP.
func TestRefusal(t *testing.T) {
	cases := []struct {
		status int
		meta   string
		code   Code
		class  Class
	}{
		{401, "190", CodeTokenInvalid, ClassAct},
		{401, "0", CodeTokenInvalid, ClassAct},
		{400, "0", CodeUnknown, ClassNever},
		{403, "230", CodePermissionMissing, ClassAct},
		{400, "131030", CodeRecipientNotAllowed, ClassNever},
		{400, "131026", CodeRecipientUnreachable, ClassRecipient},
		{403, "368", CodePolicyBlocked, ClassAct},
		{400, "132015", CodeTemplatePaused, ClassDelay},
		{400, "131056", CodePairRateLimited, ClassBackoff},
		{400, "777777", CodeUnknown, ClassNever},
		{500, "131045", CodeNumberNotRegistered, ClassAct},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("code_%s_with_status_%d", c.meta, c.status), func(t *testing.T) {
			g := newGraph(t, Options{}, reply(c.status, graphFailure(c.meta)))
			e := failure(t, send(t.Context(), g.Client))
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.class, e.Class)
			require.Equal(t, c.status, e.HTTPStatus)
			require.False(t, e.Uncertain)
			require.Equal(t, MetaError{
				Code: e.Meta.Code, Type: "OAuthException", Message: "(#" + c.meta + ") text", Details: "why", TraceID: "Atrace",
			}, e.Meta)
			require.Equal(t, c.meta, strconv.Itoa(e.Meta.Code))
			require.Contains(t, e.Error(), "trace Atrace")
			require.Contains(t, e.Error(), string(c.code))
			require.EqualValues(t, 1, g.requests.Load())
		})
	}
	t.Run("user_texts_and_subcode_are_kept", func(t *testing.T) {
		g := newGraph(t, Options{}, reply(400, `{"error":{"message":"m","code":"100","error_subcode":2388040,
			"error_user_title":"Too long","error_user_msg":"Shorten it","is_transient":false,"error_data":"{\"blame\":1}"}}`))
		require.Equal(t, MetaError{
			Code: 100, Subcode: 2388040, Message: "m", UserTitle: "Too long", UserMessage: "Shorten it", Details: `{"blame":1}`,
		}, failure(t, send(t.Context(), g.Client)).Meta)
	})
}
