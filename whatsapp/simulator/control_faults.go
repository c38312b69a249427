package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// pause is a duration in the notation of Go, such as "1.5s".
type pause time.Duration

// UnmarshalJSON reads the text.
func (p *pause) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("a duration is a text such as \"2s\": %w", err)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("a duration is a text such as \"2s\": %w", err)
	}
	*p = pause(d)
	return nil
}

// faultsRequest arms faults; what is absent stays as it is.
type faultsRequest struct {
	DuplicateWebhooks *int   `json:"duplicateWebhooks"`
	ReorderWebhooks   *int   `json:"reorderWebhooks"`
	DelayWebhooks     *pause `json:"delayWebhooks"`
	BatchWebhooks     *int   `json:"batchWebhooks"`
	DropAnswers       *int   `json:"dropAnswers"`
	DropRequests      *int   `json:"dropRequests"`
	DelayAnswers      *struct {
		Count int   `json:"count"`
		By    pause `json:"by"`
	} `json:"delayAnswers"`
	Refuse *struct {
		Count      int      `json:"count"`
		Status     int      `json:"status"`
		Code       int      `json:"code"`
		Subcode    int      `json:"subcode"`
		Details    string   `json:"details"`
		RetryAfter pause    `json:"retryAfter"`
		On         Endpoint `json:"on"`
	} `json:"refuse"`
	ExpireTokens bool `json:"expireTokens"`
}

func (s *Simulator) controlFaults(w http.ResponseWriter, r *http.Request) {
	var in faultsRequest
	if !readControl(w, r, &in) {
		return
	}
	if x := in.Refuse; x != nil && x.Status != 0 && (x.Status < 400 || x.Status > 599) {
		controlError(w, http.StatusBadRequest, "refuse.status must be 400 to 599, or absent")
		return
	}
	in.arm(s.Faults())
	controlAnswer(w, http.StatusOK, done)
}

func (in faultsRequest) arm(f Faults) {
	for _, x := range []struct {
		wanted *int
		set    func(int)
	}{
		{in.DuplicateWebhooks, f.DuplicateWebhooks},
		{in.ReorderWebhooks, f.ReorderWebhooks},
		{in.BatchWebhooks, f.BatchWebhooks},
		{in.DropAnswers, f.DropAnswers},
		{in.DropRequests, f.DropRequests},
	} {
		if x.wanted != nil {
			x.set(*x.wanted)
		}
	}
	if in.DelayWebhooks != nil {
		f.DelayWebhooks(time.Duration(*in.DelayWebhooks))
	}
	if x := in.DelayAnswers; x != nil {
		f.DelayAnswers(x.Count, time.Duration(x.By))
	}
	if x := in.Refuse; x != nil {
		f.Refuse(x.Count, Refusal{
			Status: x.Status, Code: x.Code, Subcode: x.Subcode, Details: x.Details,
			RetryAfter: time.Duration(x.RetryAfter), On: x.On,
		})
	}
	if in.ExpireTokens {
		f.ExpireTokens()
	}
}

func (s *Simulator) controlClearFaults(w http.ResponseWriter, _ *http.Request) {
	s.Faults().Clear()
	controlAnswer(w, http.StatusOK, done)
}
