package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func yieldAmong(asked request, many int64) outcome {
	turns := make([]int64, many)
	took := timed(func() {
		var all sync.WaitGroup
		all.Add(int(many))
		for g := range turns {
			own := &turns[g]
			go func() {
				taken := int64(0)
				for taken < asked.ops/many {
					runtime.Gosched()
					taken++
				}
				*own = taken
				all.Done()
			}()
		}
		all.Wait()
	})
	found := outcome{took: took}
	for _, own := range turns {
		found.count += own
		found.sum++
	}
	return found
}

func spawn(asked request) outcome {
	seen := make(tally, asked.ops)
	return seen.after(timed(func() {
		var all sync.WaitGroup
		all.Add(int(asked.ops))
		for i := int64(0); i < asked.ops; i++ {
			i := i
			go func() {
				seen[i]++
				all.Done()
			}()
		}
		all.Wait()
	}))
}

func pingPong(asked request) outcome {
	there, back := make(chan int64), make(chan int64)
	go func() {
		for value := range there {
			back <- value
		}
	}()
	var found outcome
	found.took = timed(func() {
		for i := int64(0); i < asked.ops; i++ {
			there <- i
			found.sum += <-back
			found.count++
		}
	})
	close(there)
	return found
}

func throughChannel(asked request, capacity, from, to int64) outcome {
	var count, sum int64
	took := timed(func() {
		values := make(chan int64, capacity)
		var senders, receivers sync.WaitGroup
		senders.Add(int(from))
		receivers.Add(int(to))
		for i := int64(0); i < to; i++ {
			go func() {
				var ownCount, ownSum int64
				for value := range values {
					ownCount++
					ownSum += value
				}
				atomic.AddInt64(&count, ownCount)
				atomic.AddInt64(&sum, ownSum)
				receivers.Done()
			}()
		}
		for i := int64(0); i < from; i++ {
			go func() {
				for value := int64(0); value < asked.ops/from; value++ {
					values <- value
				}
				senders.Done()
			}()
		}
		senders.Wait()
		close(values)
		receivers.Wait()
	})
	return outcome{took, count, sum}
}

func selectThree(asked request) outcome {
	even, odd, over := make(chan int64), make(chan int64), make(chan int64)
	var found outcome
	found.took = timed(func() {
		go func() {
			for i := int64(0); i < asked.ops; i++ {
				if i%2 == 0 {
					even <- i
				} else {
					odd <- i
				}
			}
			close(over)
		}()
		for {
			select {
			case value := <-even:
				found.sum += value
			case value := <-odd:
				found.sum += value
			case <-over:
				return
			}
			found.count++
		}
	})
	return found
}

// A tree of goroutines, ten to each; its leaves are numbered.
func grow(up chan int64, number, size int64) {
	if size == 1 {
		up <- number
		return
	}
	fromChildren := make(chan int64)
	for i := int64(0); i < 10; i++ {
		go grow(fromChildren, number+i*(size/10), size/10)
	}
	sum := int64(0)
	for i := 0; i < 10; i++ {
		sum += <-fromChildren
	}
	up <- sum
}

func skynet(asked request) outcome {
	found := outcome{count: 1}
	found.took = timed(func() {
		top := make(chan int64)
		go grow(top, 0, asked.ops)
		found.sum = <-top
	})
	return found
}

func forkAndJoin(n int64) int64 {
	if n < 2 {
		return n
	}
	var one int64
	var forked sync.WaitGroup
	forked.Add(1)
	go func() {
		one = forkAndJoin(n - 1)
		forked.Done()
	}()
	other := forkAndJoin(n - 2)
	forked.Wait()
	return one + other
}

func fib(asked request) outcome {
	found := outcome{count: 1}
	found.took = timed(func() { found.sum = forkAndJoin(asked.ops) })
	return found
}

func mutexFour(asked request) outcome {
	const many = 4
	var mutex sync.Mutex
	var found outcome
	found.took = timed(func() {
		var all sync.WaitGroup
		all.Add(many)
		for g := 0; g < many; g++ {
			go func() {
				for turn := int64(0); turn < asked.ops/many; turn++ {
					mutex.Lock()
					found.count++
					mutex.Unlock()
				}
				mutex.Lock()
				found.sum++
				mutex.Unlock()
				all.Done()
			}()
		}
		all.Wait()
	})
	return found
}

// All sleep at once. The sum is how many slept long enough.
func sleepers(asked request) outcome {
	const length = 100 * time.Millisecond
	woken := make(tally, asked.ops)
	var longEnough int64
	found := woken.after(timed(func() {
		var all sync.WaitGroup
		all.Add(int(asked.ops))
		for i := int64(0); i < asked.ops; i++ {
			i := i
			go func() {
				if timed(func() { time.Sleep(length) }) >= length {
					atomic.AddInt64(&longEnough, 1)
				}
				woken[i]++
				all.Done()
			}()
		}
		all.Wait()
	}))
	found.sum = longEnough
	return found
}
