//go:build unix

package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"time"

	"recado/whatsapp"
)

// text is what customers write, if nothing else is asked for.
const text = "Is the shop open today?"

// delivery is a signed webhook POST of one text message, ready to be sent.
type delivery struct {
	wamid   string
	request []byte // with its headers
}

// mint makes deliveries to one phone number. It is used by one goroutine.
type mint struct {
	appSecret     string
	phoneNumberID string
	random        *rand.Rand
	minted        int
}

func (r *rig) newMint(w *world) *mint {
	return &mint{appSecret: r.appSecret, phoneNumberID: w.channels[0].PhoneNumberID, random: rand.New(rand.NewPCG(1, 2))}
}

// anybody makes count deliveries from customers drawn among people.
func (m *mint) anybody(count, people int) []delivery {
	made := make([]delivery, count)
	for i := range made {
		made[i] = m.from(m.random.IntN(people), text)
	}
	return made
}

// from makes a delivery of a text from a person.
func (m *mint) from(person int, body string) delivery {
	m.minted++
	wamid := wamidOf(waID(person), m.random.Uint64(), m.random.Uint64())
	payload := fmt.Appendf(nil, payloadFormat, m.phoneNumberID, personName(person), waID(person), businessScopedID(person), wamid, time.Now().Unix(), body)
	head := fmt.Sprintf("POST /webhooks/whatsapp HTTP/1.1\r\nHost: recado\r\nUser-Agent: facebookexternalua\r\nContent-Type: application/json\r\n"+
		"%s: %s\r\nContent-Length: %d\r\n\r\n", whatsapp.SignatureHeader, whatsapp.Sign(m.appSecret, payload), len(payload))
	return delivery{wamid: wamid, request: append([]byte(head), payload...)}
}

// payloadFormat is what Meta sends for a text message, of strings that need no
// escaping (reference/whatsapp-cloud-api.md §3). Its verbs are: phone number id,
// name, wa_id, business-scoped user id, wamid, Unix time, text.
const payloadFormat = `{"object":"whatsapp_business_account","entry":[{"id":"214705829341166","changes":[{"value":{` +
	`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550102030","phone_number_id":"%[1]s"},` +
	`"contacts":[{"profile":{"name":"%[2]s"},"wa_id":"%[3]s","user_id":"%[4]s"}],` +
	`"messages":[{"from":"%[3]s","from_user_id":"%[4]s","id":"%[5]s","timestamp":"%[6]d","text":{"body":"%[7]s"},"type":"text"}]` +
	`},"field":"messages"}]}]}`

// wamidOf has the form and the length of Meta's ids: the customer's number, then
// what is random.
func wamidOf(waID string, high, low uint64) string {
	plain := fmt.Appendf(nil, "\x1d\x06\x0c%s\x15\x02\x00\x12\x18\x14%016X%04X", waID, high, low&0xffff)
	return "wamid." + base64.StdEncoding.EncodeToString(plain)
}
