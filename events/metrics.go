package events

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what the bus does. They hold no organization: their number must
// not grow with that of the tenants.
type metrics struct {
	published   prometheus.Counter
	unpublished *prometheus.CounterVec // by reason: queue_full, error
	repeated    prometheus.Counter
	malformed   prometheus.Counter
	healed      prometheus.Counter
	reads       *prometheus.CounterVec // by reason: hole, behind
	tooSlow     prometheus.Counter
	latency     prometheus.Histogram

	registered []prometheus.Collector
}

// newMetrics makes the collectors and registers them, unless registry is nil.
func newMetrics(registry prometheus.Registerer, following func() (feeds, readers int)) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "recado_events_" + name, Help: help})
	}
	vector := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "recado_events_" + name, Help: help}, []string{"reason"})
	}
	m := &metrics{
		published:   counter("published_total", "Committed events handed to NATS."),
		unpublished: vector("unpublished_total", "Committed events not handed to NATS; readers find them by heartbeat."),
		repeated:    counter("repeated_total", "Events that came again and were dropped."),
		malformed:   counter("malformed_total", "Messages on the bus that could not be read."),
		healed:      counter("healed_total", "Events that a look into the database found before the bus told of them."),
		reads:       vector("database_reads_total", "Reads of events from the database, for holes and for readers behind."),
		tooSlow:     counter("too_slow_total", "Readers that fell too far behind."),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "recado_events_latency_seconds", Help: "From the start of an event's transaction to its arrival here by the bus.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
	}
	if registry == nil {
		return m, nil
	}
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "recado_events_" + name, Help: help},
			func() float64 { return float64(value()) })
	}
	collectors := []prometheus.Collector{
		m.published, m.unpublished, m.repeated, m.malformed, m.healed, m.reads, m.tooSlow, m.latency,
		gauge("feeds", "Organizations followed by this process.", func() int { feeds, _ := following(); return feeds }),
		gauge("readers", "Readers in this process.", func() int { _, readers := following(); return readers }),
	}
	for _, collector := range collectors {
		if err := registry.Register(collector); err != nil {
			m.unregister(registry)
			return nil, err
		}
		m.registered = append(m.registered, collector)
	}
	return m, nil
}

// unregister takes the collectors back, so that another bus can register its own.
func (m *metrics) unregister(registry prometheus.Registerer) {
	for _, collector := range m.registered {
		registry.Unregister(collector)
	}
	m.registered = nil
}
