package main

import (
	"sync"
	"sync/atomic"
)

// Calls submit(task) once for each of the tasks, from so many
// goroutines; the measurement ends when the last task has run.
func submitAll(asked request, submit func(func())) outcome {
	seen := make(tally, asked.ops)
	left := asked.ops
	allRan := make(chan struct{})
	submitSome := func(submitter int64) {
		for i := submitter; i < asked.ops; i += asked.submitters {
			i := i
			submit(func() {
				seen[i]++
				if atomic.AddInt64(&left, -1) == 0 {
					close(allRan)
				}
			})
		}
	}
	return seen.after(timed(func() {
		var others sync.WaitGroup
		for i := int64(1); i < asked.submitters; i++ {
			i := i
			others.Add(1)
			go func() {
				submitSome(i)
				others.Done()
			}()
		}
		submitSome(0)
		others.Wait()
		<-allRan
	}))
}

// A goroutine for each task; nothing holds a submitter back.
func bareGoroutines(asked request) outcome {
	return submitAll(asked, func(task func()) { go task() })
}

var tasks chan func()

// So many goroutines that receive tasks from an unbuffered channel.
func channelPool(asked request) outcome {
	if tasks == nil {
		tasks = make(chan func())
		for i := int64(0); i < asked.workers; i++ {
			go func() {
				for task := range tasks {
					task()
				}
			}()
		}
	}
	return submitAll(asked, func(task func()) { tasks <- task })
}
