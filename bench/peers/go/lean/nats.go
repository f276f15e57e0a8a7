package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// One stream, subject per entity, Nats-Msg-Id for deduplication; a publish returns when the stream acknowledged it.
func benchNats() {
	ctx := context.Background()
	events := loadEvents()
	r := R{}
	js := make([]jetstream.JetStream, *fPubs)
	for i := range js {
		c, err := nats.Connect(*fAddr)
		check(err)
		js[i], err = jetstream.New(c)
		check(err)
	}
	_, err := js[0].CreateStream(ctx, jetstream.StreamConfig{Name: "events", Subjects: []string{"tx.>"}, Storage: jetstream.FileStorage})
	check(err)
	publish := func(w int, e Event) error {
		m := &nats.Msg{Subject: "tx." + e.Entity, Data: e.Payload, Header: nats.Header{"Nats-Msg-Id": {e.ID}}}
		_, err := js[w].PublishMsg(ctx, m)
		return err
	}
	before := diskBytes(*fDir)
	n := publishAll(events, 1, r, func(w int, b []Event) error { return publish(w, b[0]) })
	r["diskBytesPerEvent"] = int((diskBytes(*fDir) - before) / int64(n))
	for _, subs := range subsList() {
		var running []jetstream.ConsumeContext
		deliver(fmt.Sprintf("deliver%d", subs), events, subs, r, publish, func(report func(string)) {
			for i := 0; i < subs; i++ {
				c, err := js[i].CreateConsumer(ctx, "events", jetstream.ConsumerConfig{
					Durable: fmt.Sprintf("s%d-%d", subs, i), DeliverPolicy: jetstream.DeliverNewPolicy, AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 5000})
				check(err)
				cc, err := c.Consume(func(m jetstream.Msg) {
					report(m.Headers().Get("Nats-Msg-Id"))
					m.Ack()
				})
				check(err)
				running = append(running, cc)
			}
			time.Sleep(200 * time.Millisecond)
		})
		for _, cc := range running {
			cc.Stop()
		}
		for i := 0; i < subs; i++ {
			js[0].DeleteConsumer(ctx, "events", fmt.Sprintf("s%d-%d", subs, i))
		}
	}
	r["verify"] = "none: nothing to verify"
	emit(r)
}
