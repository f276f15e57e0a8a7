// The part that all peers share: the same events, the same loop of 64 publishers, the same way to measure.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type Event struct {
	Entity  string          `json:"entity"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

var (
	fEvents   = flag.String("events", "", "file with one event a line")
	fN        = flag.Int("n", 100000, "events of the throughput phase")
	fCap      = flag.Float64("cap", 30, "seconds after which the throughput phase ends, done or not")
	fPubs     = flag.Int("publishers", 64, "")
	fRate     = flag.Int("rate", 1000, "events/s of the delivery phase")
	fSecs     = flag.Float64("secs", 4, "seconds of the delivery phase")
	fPid      = flag.Int("pid", 0, "the server's process (with its children); 0: in process")
	fAddr     = flag.String("addr", "", "")
	fDir      = flag.String("dir", "", "the server's data folder, for disk use")
	fVariant  = flag.String("variant", "", "")
	fToken    = flag.String("token", "", "")
	fTokenSub = flag.String("token-sub", "", "")
	fBatch    = flag.Int("batch", 1, "")
	fSubs     = flag.String("subs", "1,10", "numbers of subscribers of the delivery phase; empty: none")
	fVerify   = flag.Int("verify", 0, "entries to verify at most, 0: all")
)

func loadEvents() []Event {
	f, err := os.Open(*fEvents)
	check(err)
	defer f.Close()
	var all []Event
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 1<<20), 1<<20)
	for s.Scan() {
		var e Event
		check(json.Unmarshal(s.Bytes(), &e))
		all = append(all, e)
	}
	return all
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type R map[string]any

func sig3(x float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return v
}

func quantiles(prefix string, ms []float64, r R) {
	if len(ms) == 0 {
		return
	}
	sort.Float64s(ms)
	at := func(p float64) float64 {
		i := int(p * float64(len(ms)))
		if i >= len(ms) {
			i = len(ms) - 1
		}
		return sig3(ms[i])
	}
	r[prefix+"P50Ms"], r[prefix+"P95Ms"], r[prefix+"P99Ms"] = at(.5), at(.95), at(.99)
}

// publishAll: `publishers` workers take the next `batch` events each until all are done or the cap is over.
func publishAll(events []Event, batch int, r R, fn func(worker int, batch []Event) error) int {
	n := min(*fN, len(events))
	var next, done atomic.Int64
	deadline := time.Now().Add(time.Duration(*fCap * float64(time.Second)))
	lat := make([][]float64, *fPubs)
	cpuS, cpuC := treeCPU(*fPid), selfCPU()
	stop := sampleRSS(*fPid)
	begin := time.Now()
	var wg sync.WaitGroup
	for w := 0; w < *fPubs; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(deadline) {
				from := int(next.Add(int64(batch))) - batch
				if from >= n {
					return
				}
				to := min(from+batch, n)
				t := time.Now()
				check(fn(w, events[from:to]))
				lat[w] = append(lat[w], float64(time.Since(t).Microseconds())/1000)
				done.Add(int64(to - from))
			}
		}()
	}
	wg.Wait()
	secs := time.Since(begin).Seconds()
	d := int(done.Load())
	server, client := treeCPU(*fPid)-cpuS, selfCPU()-cpuC
	r["events"], r["publishers"], r["batch"] = d, *fPubs, batch
	r["eventsPerSecond"] = int(float64(d) / secs)
	var all []float64
	for _, l := range lat {
		all = append(all, l...)
	}
	quantiles("publish", all, r)
	k := 1000 / float64(d)
	r["serverCpuSecPer1000"], r["clientCpuSecPer1000"], r["cpuSecPer1000"] = sig3(server*k), sig3(client*k), sig3((server+client)*k)
	r["rssMb"] = stop()
	return d
}

// deliver: publishes at a steady rate whatever happens; the handler is told the event's id. Latency from the moment it was due.
func deliver(name string, events []Event, subscribers int, r R, fn func(worker int, e Event) error, received func(report func(id string))) {
	total := int(float64(*fRate) * *fSecs)
	type due struct {
		e  Event
		at time.Time
	}
	started := make(map[string]time.Time, total)
	var mu sync.RWMutex
	var got atomic.Int64
	var lmu sync.Mutex
	var lat []float64
	all := make(chan struct{})
	received(func(id string) {
		now := time.Now()
		mu.RLock()
		at, ok := started[id]
		mu.RUnlock()
		if !ok {
			return
		}
		lmu.Lock()
		lat = append(lat, float64(now.Sub(at).Microseconds())/1000)
		lmu.Unlock()
		if got.Add(1) == int64(total*subscribers) {
			close(all)
		}
	})
	jobs := make(chan due, total)
	var wg sync.WaitGroup
	for w := 0; w < *fPubs; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				check(fn(w, j.e))
			}
		}()
	}
	begin := time.Now()
	for i := 0; i < total; i++ {
		at := begin.Add(time.Duration(float64(i) / float64(*fRate) * float64(time.Second)))
		if d := time.Until(at); d > 0 {
			time.Sleep(d)
		}
		e := events[i%len(events)]
		e.ID = fmt.Sprintf("%s-%s-%d", name, e.ID, i)
		now := time.Now()
		mu.Lock()
		started[e.ID] = now
		mu.Unlock()
		jobs <- due{e, now}
	}
	close(jobs)
	wg.Wait()
	select {
	case <-all:
	case <-time.After(15 * time.Second):
		r[name+"Lost"] = int64(total*subscribers) - got.Load()
	}
	lmu.Lock()
	quantiles(name, lat, r)
	lmu.Unlock()
}

func emit(r R) {
	r["variant"] = *fVariant
	b, _ := json.Marshal(r)
	fmt.Println(string(b))
}

// --- /proc

const tick = 100.0

func statOf(pid int) (fields []string, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, false
	}
	s := string(b)
	return strings.Fields(s[strings.LastIndex(s, ")")+2:]), true
}

func tree(pid int) []int {
	if pid == 0 {
		return nil
	}
	children := map[int][]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		p, _ := strconv.Atoi(filepath.Base(d))
		if f, ok := statOf(p); ok {
			pp, _ := strconv.Atoi(f[1])
			children[pp] = append(children[pp], p)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

func treeCPU(pid int) float64 {
	sum := 0.0
	for i, p := range tree(pid) {
		f, ok := statOf(p)
		if !ok {
			continue
		}
		cols := []int{11, 12}
		if i == 0 {
			cols = []int{11, 12, 13, 14}
		}
		for _, c := range cols {
			v, _ := strconv.ParseFloat(f[c], 64)
			sum += v / tick
		}
	}
	return sum
}

func selfCPU() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// pssMb: proportional memory of the server's processes, so that what they share counts once.
func pssMb(pid int) int {
	if pid == 0 {
		pid = os.Getpid()
	}
	kb := 0
	for _, p := range tree(pid) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(b), "\n") {
			if strings.HasPrefix(line, "Pss:") {
				v, _ := strconv.Atoi(strings.Fields(line)[1])
				kb += v
			}
		}
	}
	return kb / 1000
}

func sampleRSS(pid int) func() int {
	stop := make(chan struct{})
	res := make(chan int)
	go func() {
		m := 0
		for {
			select {
			case <-stop:
				res <- max(m, pssMb(pid))
				return
			case <-time.After(time.Second):
				m = max(m, pssMb(pid))
			}
		}
	}()
	return func() int { close(stop); return <-res }
}

func diskBytes(dir string) int64 {
	var sum int64
	filepath.Walk(dir, func(_ string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			if st, ok := i.Sys().(*syscall.Stat_t); ok {
				sum += st.Blocks * 512
			}
		}
		return nil
	})
	return sum
}

func subsList() []int {
	var out []int
	for _, s := range strings.Split(*fSubs, ",") {
		if v, err := strconv.Atoi(s); err == nil && v > 0 {
			out = append(out, v)
		}
	}
	return out
}
