package server

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// What became of a webhook delivery, for the counter.
const (
	deliveryAccepted     = "accepted"     // stored and acknowledged
	deliveryUnsigned     = "unsigned"     // signature missing or wrong
	deliveryTooLarge     = "too_large"    // over the limit
	deliveryUnreadable   = "unreadable"   // the body broke off
	deliveryUnavailable  = "unavailable"  // could not be stored
	deliveryUnconfigured = "unconfigured" // no app secret is set
)

type metrics struct {
	requests   *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
	closed     *prometheus.CounterVec
	slow       prometheus.Counter
}

func newMetrics(registry *prometheus.Registry, live *live) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "recado_http_request_duration_seconds",
			Help:    "Duration of requests, without live connections.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "code"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "recado_webhook_deliveries_total",
			Help: "Webhook deliveries by result: accepted, unsigned, too_large, unreadable, unavailable, unconfigured.",
		}, []string{"result"}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "recado_sockets_closed_total",
			Help: "WebSockets that the server closed, by close code.",
		}, []string{"code"}),
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "recado_slow_readers_dropped_total",
			Help: "Live connections dropped because the peer did not read in time.",
		}),
	}
	sockets := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "recado_sockets", Help: "Open WebSockets.",
	}, func() float64 { return float64(live.sockets.Load()) })
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "recado_streams", Help: "Open streams of server-sent events.",
	}, func() float64 { return float64(live.streams.Load()) })
	operations := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "recado_socket_operations", Help: "Operations under way on WebSockets.",
	}, func() float64 { return float64(live.operations.Load()) })
	var errs []error
	for _, collector := range []prometheus.Collector{
		m.requests, m.deliveries, m.closed, m.slow, sockets, streams, operations,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		errs = append(errs, registry.Register(collector))
	}
	return m, errors.Join(errs...)
}
