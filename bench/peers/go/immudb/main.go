// immudb: 64 clients, key <entity>/<seq>; single sets, or SetAll of a batch; verification through the Go SDK's verified calls.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	immu "github.com/codenotary/immudb/pkg/client"
)

var (
	fSyncMs = flag.Int("sync-ms", 0, "sync frequency of the database; 0: immudb's default (20 ms)")
	fPlain  = flag.Bool("no-verify", false, "")
	fState  = flag.String("state", "", "folder for what the clients remember")
)

func main() {
	flag.Parse()
	ctx := context.Background()
	events := loadEvents()
	r := R{}
	host, port, _ := strings.Cut(*fAddr, ":")
	p, _ := strconv.Atoi(port)
	open := func(db string, i int) immu.ImmuClient {
		dir := fmt.Sprintf("%s/%s-%d", *fState, db, i)
		os.MkdirAll(dir, 0o755)
		c := immu.NewClient().WithOptions(immu.DefaultOptions().WithAddress(host).WithPort(p).WithDir(dir))
		check(c.OpenSession(ctx, []byte("immudb"), []byte("immudb"), db))
		return c
	}
	db := fmt.Sprintf("bench%d", time.Now().UnixNano()%1e9)
	admin := open("defaultdb", 0)
	// 64 clients at once: immudb refuses more than 30 concurrent commits by default when they are short.
	settings := &schema.DatabaseNullableSettings{MaxConcurrency: &schema.NullableUint32{Value: 256}}
	if *fSyncMs > 0 {
		settings.SyncFrequency = &schema.NullableMilliseconds{Value: int64(*fSyncMs)}
	}
	_, err := admin.CreateDatabaseV2(ctx, db, settings)
	check(err)
	admin.CloseSession(ctx)
	conns := make([]immu.ImmuClient, *fPubs)
	for i := range conns {
		conns[i] = open(db, i)
	}
	seqs := sync.Map{}
	key := func(e Event) []byte {
		v, _ := seqs.LoadOrStore(e.Entity, new(atomic.Int64))
		return []byte(fmt.Sprintf("%s/%d", e.Entity, v.(*atomic.Int64).Add(1)-1))
	}
	var kmu sync.Mutex
	var keys [][]byte
	var lastTx atomic.Uint64
	before := diskBytes(*fDir)
	n := publishAll(events, *fBatch, r, func(w int, b []Event) error {
		var hdr *schema.TxHeader
		var err error
		used := make([][]byte, len(b))
		if len(b) == 1 {
			used[0] = key(b[0])
			hdr, err = conns[w].Set(ctx, used[0], b[0].Payload)
		} else {
			req := &schema.SetRequest{}
			for i, e := range b {
				used[i] = key(e)
				req.KVs = append(req.KVs, &schema.KeyValue{Key: used[i], Value: e.Payload})
			}
			hdr, err = conns[w].SetAll(ctx, req)
		}
		if err != nil {
			return err
		}
		for {
			l := lastTx.Load()
			if hdr.Id <= l || lastTx.CompareAndSwap(l, hdr.Id) {
				break
			}
		}
		kmu.Lock()
		keys = append(keys, used...)
		kmu.Unlock()
		return nil
	})
	r["diskBytesPerEvent"] = int((diskBytes(*fDir) - before) / int64(n))
	r["deliver"] = "no subscribers: readers poll"
	if *fPlain {
		emit(r)
		return
	}
	parallel := func(total int, fn func(w, i int) error) float64 {
		var next atomic.Int64
		var wg sync.WaitGroup
		begin := time.Now()
		for w := 0; w < min(8, *fPubs); w++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					i := int(next.Add(1)) - 1
					if i >= total {
						return
					}
					check(fn(w, i))
				}
			}()
		}
		wg.Wait()
		return time.Since(begin).Seconds()
	}
	// VerifiedGet of a sample, 8 clients at a time.
	sample := min(len(keys), 2000)
	cpu := treeCPU(*fPid) + selfCPU()
	secs := parallel(sample, func(w, i int) error {
		_, err := conns[w].VerifiedGet(ctx, keys[i*len(keys)/sample])
		return err
	})
	r["verifiedGetPerSecond"] = int(float64(sample) / secs)
	r["verifiedGetCpuUs"] = sig3((treeCPU(*fPid) + selfCPU() - cpu) * 1e6 / float64(sample))
	cpu = treeCPU(*fPid) + selfCPU()
	// Whole transactions: every one of them for batches, a sample for single sets.
	txs := int(lastTx.Load())
	count := min(txs, 2000)
	secs = parallel(count, func(w, i int) error {
		_, err := conns[w].VerifiedTxByID(ctx, uint64(1+i*txs/count))
		return err
	})
	perSecond := float64(count) / secs * float64(n) / float64(txs)
	r["verifyPerSecond"] = int(perSecond)
	r["verifyCpuUsPerEntry"] = sig3((treeCPU(*fPid) + selfCPU() - cpu) * 1e6 / (float64(count) * float64(n) / float64(txs)))
	r["verifySeconds"] = sig3(float64(n) / perSecond)
	r["verify"] = fmt.Sprintf("VerifiedTxByID of %d of %d transactions, 8 clients, extrapolated to all entries", count, txs)
	emit(r)
}
