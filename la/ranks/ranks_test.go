package ranks_test

import (
	"fmt"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"

	"costate/la/ranks"
	"costate/la/vec"
)

// TestMain makes this a test of as many ranks as there are:
//
//	go test -tags mumps -exec 'mpirun --oversubscribe -n 3' ./la/ranks
func TestMain(m *testing.M) {
	stop := ranks.Serve()
	status := m.Run()
	stop()
	os.Exit(status)
}

// own is which rank this is; other ranks than 0 learn it by the job "place".
var own int

func init() {
	ranks.Handle("place", func([]byte) { place() })
	ranks.Handle("exchange", func(message []byte) {
		if string(message) != "numbers" {
			panic("another message")
		}
		exchange(nil)
	})
	ranks.Handle("text", func(message []byte) {
		ranks.Gather([]byte(fmt.Sprintf("%s, and %d", ranks.Scatter(nil), own)))
	})
}

func place() {
	fmt.Sscan(string(ranks.Scatter(func(r int) []byte { return []byte(fmt.Sprint(r)) })), &own)
}

const count = 1000

// pair is the number that rank r adds to element i of a sum in twice the working precision.
func pair(r, i int) (h, l float64) {
	return vec.TwoProd(1+float64(i+1)/3, float64(1-2*(r%2))/float64(r+7))
}

// exchange leaves in x a sum, in y a maximum, in p a sum of pairs and in b what rank 0 has.
func exchange(b []float64) (x, y, p []float64) {
	x, y, p = make([]float64, count), make([]float64, count), make([]float64, 2*count)
	if b == nil {
		b = make([]float64, count)
	}
	ranks.Broadcast(b)
	for i := range x {
		x[i], y[i] = b[i]*float64(own+1), b[i]*float64(own+1)
		p[2*i], p[2*i+1] = pair(own, i)
	}
	ranks.Sum(x)
	ranks.Max(y)
	ranks.SumPairs(p)
	return x, y, p
}

func call(t *testing.T, name, message string, f func()) {
	t.Helper()
	if err := ranks.Call(name, []byte(message), f); err != nil {
		t.Fatal(err)
	}
}

// TestNumbers: sums and maxima are those over all ranks, and sums of pairs are right to
// twice the working precision although they cancel.
func TestNumbers(t *testing.T) {
	call(t, "place", "", place)
	n := ranks.Size()
	if ranks.OnMachine() < 1 || ranks.OnMachine() > n {
		t.Errorf("%d of %d ranks on this machine", ranks.OnMachine(), n)
	}
	b := make([]float64, count)
	for i := range b {
		b[i] = float64(i)
	}
	call(t, "exchange", "numbers", func() {
		x, y, p := exchange(b)
		for i := range x {
			if want := float64(i * n * (n + 1) / 2); x[i] != want {
				t.Fatalf("sum %g, want %g", x[i], want)
			}
			if want := float64(i * n); y[i] != want {
				t.Fatalf("maximum %g, want %g", y[i], want)
			}
			exact := new(big.Float).SetPrec(300)
			for r := range n {
				h, l := pair(r, i)
				exact.Add(exact, big.NewFloat(h))
				exact.Add(exact, big.NewFloat(l))
			}
			exact.Sub(exact, big.NewFloat(p[2*i]))
			exact.Sub(exact, big.NewFloat(p[2*i+1]))
			if e, _ := exact.Float64(); e > 1e-30*float64(i+3) || e < -1e-30*float64(i+3) {
				t.Fatalf("sum of pairs is off by %g", e)
			}
		}
	})
}

// TestMessages: each rank has its own message, of any length, and answers with it. Calls of
// several goroutines take turns.
func TestMessages(t *testing.T) {
	call(t, "place", "", place)
	var wait sync.WaitGroup
	for _, length := range []int{0, 1, 1000, 300000} {
		wait.Go(func() {
			text := func(r int) string { return strings.Repeat(fmt.Sprint(r), length) }
			call(t, "text", "", func() {
				mine := ranks.Scatter(func(r int) []byte { return []byte(text(r)) })
				all := ranks.Gather([]byte(string(mine) + ", and 0"))
				if len(all) != ranks.Size() {
					t.Fatalf("%d messages", len(all))
				}
				for r, m := range all {
					if string(m) != fmt.Sprintf("%s, and %d", text(r), r) {
						t.Errorf("rank %d sent %d bytes", r, len(m))
					}
				}
			})
		})
	}
	wait.Wait()
}

// TestHandle: a name is of one job.
func TestHandle(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two jobs have one name")
		}
	}()
	ranks.Handle("place", func([]byte) {})
}
