package demo

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"recado/whatsapp/simulator"
)

const (
	// A customer writes of their own accord this often, at least and at most.
	leastQuiet = 30 * time.Second
	mostQuiet  = 60 * time.Second

	// A customer who read something takes this long to type.
	leastTyping = 3 * time.Second
	mostTyping  = 7 * time.Second

	// mostAnswers is how many times in a row a customer answers what is written to
	// them, so that no conversation goes on for ever.
	mostAnswers = 4
)

// regular is a customer who comes by now and then.
type regular struct {
	customer simulator.Customer
	openings []string
}

var regulars = []regular{
	{marina, []string{"Oi, sou eu de novo! Ainda tem pão de queijo?", "Vocês fazem encomenda para festa?"}},
	{joaquim, []string{
		"Bom dia! Pode separar seis pãezinhos franceses pra mim?", "A que horas sai a próxima fornada?",
	}},
	{simulator.Customer{WAID: "5511955550188", Name: "Beatriz Nakamura"}, []string{
		"Olá! Tem bolo de fubá sem lactose?", "Quanto está o quilo do sonho de creme?",
	}},
	{simulator.Customer{WAID: "5521955550199", Name: "Rafa"}, []string{
		"E aí! Abre no feriado?", "Dá pra reservar um bolo de cenoura pra sábado?",
	}},
	{simulator.Customer{WAID: "5531955550166", Name: "Dona Lúcia"}, []string{
		"Boa tarde, minha filha. O café já está passado?", "Esqueci meu guarda-chuva aí, vocês viram?",
	}},
}

// answers are what a customer says to what the bakery wrote, the first that fits.
// The last one fits everything.
var answers = []struct {
	when []string // any of these, in small letters
	say  []string
}{
	{[]string{"r$", "reais", "custa", "preço"}, []string{"Ótimo, pode separar pra mim?", "Tá bom o preço! Vou querer."}},
	{[]string{"obrigad", "bom dia!", "até logo", "volte sempre"}, []string{"Eu que agradeço! 🥐", "Imagina! Até mais."}},
	{[]string{"?"}, []string{"Hum, deixa eu pensar… pode ser sim!", "Uns seis, por favor."}},
	{[]string{" não ", "acabou", "infelizmente"}, []string{"Ah, que pena! Amanhã eu passo então.", "Tudo bem, fica pra próxima."}},
	{[]string{"temos", "tem sim", "sim", "pode"}, []string{"Oba! Já estou indo aí.", "Que delícia, passo em dez minutos."}},
	{[]string{""}, []string{"Combinado, obrigado!", "Perfeito 👍"}},
}

// answerTo is what a customer says to a text of the bakery's, the nth time.
func answerTo(text string, nth int) string {
	text = " " + strings.ToLower(text) + " "
	for _, answer := range answers {
		for _, sign := range answer.when {
			if strings.Contains(text, sign) {
				return answer.say[nth%len(answer.say)]
			}
		}
	}
	return ""
}

// liveOn lets the customers write now and then, and answer what is written to them,
// until ctx ends.
func liveOn(ctx context.Context, meta *simulator.Simulator) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, r := range regulars {
		running.Go(func() { r.answer(ctx, meta, meta.Customer(r.customer)) })
	}
	for turn := range 1 << 30 {
		pause(ctx, between(leastQuiet, mostQuiet))
		if ctx.Err() != nil {
			return
		}
		r := regulars[(turn+1)%len(regulars)]
		if phone := meta.CustomerByWAID(r.customer.WAID); !waits(phone) {
			phone.SendText(number.ID, r.openings[turn/len(regulars)%len(r.openings)])
		}
	}
}

// waits tells whether the customer wrote last: nobody likes to write three times
// without an answer.
func waits(phone *simulator.CustomerHandle) bool {
	written, received := phone.Written(number.ID), phone.Inbox(number.ID)
	if len(written) == 0 {
		return false
	}
	return len(received) == 0 || received[len(received)-1].At.Before(written[len(written)-1].At)
}

// answer lets the customer answer what arrives from now on, until ctx ends.
func (r regular) answer(ctx context.Context, meta *simulator.Simulator, phone *simulator.CustomerHandle) {
	seen := len(phone.Inbox(number.ID))
	for answered := 0; ; answered++ {
		if meta.Await(ctx, func() bool { return len(phone.Inbox(number.ID)) > seen }) != nil {
			return
		}
		pause(ctx, timing.Read+between(leastTyping, mostTyping))
		if ctx.Err() != nil {
			return
		}
		received := phone.Inbox(number.ID) // perhaps more came meanwhile
		seen = len(received)
		if answered%(mostAnswers+1) < mostAnswers {
			phone.SendText(number.ID, answerTo(received[seen-1].Body, answered))
		}
	}
}

// between is a time from least to most.
func between(least, most time.Duration) time.Duration { return least + rand.N(most-least) }
