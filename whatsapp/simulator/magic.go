package simulator

import (
	"slices"
	"strings"
	"time"
)

// script is what a magic recipient does with messages to it.
type script struct {
	refuse       int           // code of an error answer instead of an id
	fail         int           // code of the failed status
	silent       bool          // accepted, and nothing ever follows
	undelivered  bool          // sent, and nothing follows
	neverRead    bool          // delivered at most
	readFirst    bool          // the read status comes before the delivered one
	skipArrival  bool          // sent and read, no delivered status in between
	readsSoon    time.Duration // after arrival, even if the customer reads by hand
	repeats      int           // extra copies of each status
	beforeAnswer bool          // the sent status is posted before the send is answered
}

// MagicRecipient is a recipient with a fixed outcome, chosen by the last four
// digits of the wa_id.
type MagicRecipient struct {
	Digits  string `json:"digits"`
	Outcome string `json:"outcome"`
	script  script
}

// quickRead is when the recipient 0004 opens the chat after a message arrived.
const quickRead = 100 * time.Millisecond

var magic = []MagicRecipient{
	{"0001", "sent, never delivered", script{undelivered: true}},
	{"0002", "sent and delivered, never read", script{neverRead: true}},
	{"0003", "sent, then read before delivered", script{readFirst: true}},
	{"0004", "read 100 ms after delivery, even by a customer who reads by hand", script{readsSoon: quickRead}},
	{"0005", "accepted, no status ever", script{silent: true}},
	{"0006", "sent and read, no delivered status", script{skipArrival: true}},
	{"0007", "every status twice", script{repeats: 1}},
	{"0008", "the sent status is posted before the send call is answered", script{beforeAnswer: true}},
	{"0016", "refused with 131016, service unavailable", script{refuse: 131016}},
	{"0026", "fails with 131026, undeliverable", script{fail: 131026}},
	{"0029", "refused with 130429, throughput", script{refuse: 130429}},
	{"0030", "refused with 131030, not in the allowed list of a test number", script{refuse: 131030}},
	{"0031", "refused with 131031, account locked", script{refuse: 131031}},
	{"0042", "fails with 131042, payment issue", script{fail: 131042}},
	{"0047", "fails with 131047, window closed (whether it is or not)", script{fail: 131047}},
	{"0048", "fails with 131048, spam rate limit", script{fail: 131048}},
	{"0049", "fails with 131049, healthy ecosystem", script{fail: 131049}},
	{"0050", "fails with 131050, user stopped marketing messages", script{fail: 131050}},
	{"0053", "fails with 131053, media upload error", script{fail: 131053}},
	{"0056", "refused with 131056, pair rate", script{refuse: 131056}},
	{"0072", "fails with 130472, experiment", script{fail: 130472}},
}

// MagicRecipients lists the endings with a fixed outcome, for help texts.
func MagicRecipients() []MagicRecipient { return slices.Clone(magic) }

func scriptOf(waID string) script {
	for _, m := range magic {
		if strings.HasSuffix(waID, m.Digits) {
			return m.script
		}
	}
	return script{}
}
