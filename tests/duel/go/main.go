// Go, in all workloads of the duel: what it is asked for, its clock,
// its tally, and the one line of JSON that it prints.
//
//	contestant yield_2 ops=1000000 warm=100000 processors=2
//
// It mirrors contestant.hpp.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// One measurement. A workload takes what it needs of it.
type request struct {
	ops, warm, processors, workers, submitters int64
}

// What a workload came to.
type outcome struct {
	took       time.Duration
	count, sum int64
}

var workloads = map[string]func(request) outcome{
	"yield_2":         func(r request) outcome { return yieldAmong(r, 2) },
	"yield_500":       func(r request) outcome { return yieldAmong(r, 500) },
	"spawn":           spawn,
	"ping_pong":       pingPong,
	"channel_1024":    func(r request) outcome { return throughChannel(r, 1024, 1, 1) },
	"channel_128_4x4": func(r request) outcome { return throughChannel(r, 128, 4, 4) },
	"fan_in":          func(r request) outcome { return throughChannel(r, 0, 8, 1) },
	"select_3":        selectThree,
	"skynet":          skynet,
	"fib":             fib,
	"mutex_4":         mutexFour,
	"sleepers":        sleepers,
	"bare_goroutines": bareGoroutines,
	"channel_pool":    channelPool,
}

func timed(body func()) time.Duration {
	start := time.Now()
	body()
	return time.Since(start)
}

// Counts what ran: each task has a byte of its own.
type tally []uint8

func (seen tally) after(took time.Duration) outcome {
	all := outcome{took: took}
	for i, times := range seen {
		all.count += int64(times)
		all.sum += int64(i) * int64(times)
	}
	return all
}

func refuse(what, word string) {
	fmt.Fprintf(os.Stderr, "contestant: %s %q\n", what, word)
	os.Exit(2)
}

func read(words []string) request {
	asked := request{1, 0, 1, 1, 1}
	fields := map[string]*int64{
		"ops": &asked.ops, "warm": &asked.warm,
		"processors": &asked.processors, "workers": &asked.workers,
		"submitters": &asked.submitters,
	}
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		value, err := strconv.ParseInt(text, 10, 64)
		field := fields[name]
		if err != nil || field == nil {
			refuse("has no option", word)
		}
		*field = value
	}
	return asked
}

func main() {
	if len(os.Args) < 2 || workloads[os.Args[1]] == nil {
		refuse("has no workload", strings.Join(os.Args[1:], " "))
	}
	run := workloads[os.Args[1]]
	asked := read(os.Args[2:])
	runtime.GOMAXPROCS(int(asked.processors))
	if asked.warm > 0 {
		warm := asked
		warm.ops = asked.warm
		run(warm)
	}
	found := run(asked)
	line, _ := json.Marshal(map[string]any{
		"workload": os.Args[1],
		"options": map[string]int64{
			"processors": asked.processors, "workers": asked.workers,
			"submitters": asked.submitters, "lifo": 0,
		},
		"ops": asked.ops, "nanoseconds": found.took.Nanoseconds(),
		"check": map[string]int64{"count": found.count, "sum": found.sum},
	})
	fmt.Println(string(line))
}
