package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"costate/bench/internal/prose"
	"costate/la/blas"
)

// A kernelRate is one measurement of the kernels subcommand.
type kernelRate struct {
	Op      string  `json:"op"`
	N       int     `json:"n"`
	Backend string  `json:"backend"`
	Threads int     `json:"threads"`
	Gflops  float64 `json:"gflops"`
	// Peak is what the processor's arithmetic gives at that number of threads,
	// measured in the same run.
	Peak float64 `json:"peak,omitempty"`
}

type kernelsFlags struct {
	ops      []string
	sizes    intsFlag
	backends []string
	threads  intsFlag
	repeat   int
	plot     string
}

func newKernels(s *session) *cobra.Command {
	f := kernelsFlags{sizes: intsFlag{16, 32, 64, 128, 256, 512, 1024}, threads: defaultThreads()}
	c := &cobra.Command{
		Use:   "kernels",
		Short: "Gflop/s of each dense kernel, by backend, size and number of threads",
		Long: `Measure the dense kernels that the factorizations are made of, on square
operands of order n: gemm (general product, 2n³ operations), syrk (one triangle
of A·Aᵀ, n³), trsm (triangular solve with n right-hand sides, n³), sytrf
(Bunch–Kaufman factorization, n³/3) and sytrs (solve with n right-hand sides
after it, 2n³). Each number is the median of --repeat samples. The peak is the
rate of multiply-adds in registers, or the best gemm where that is not known.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.kernels(c.Context(), &f)
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&f.ops, "op", kernelNames(), "kernels to measure")
	fl.Var(&f.sizes, "n", "orders of the operands")
	fl.StringSliceVar(&f.backends, "backend", nil, "backends to measure: "+strings.Join(blas.Names(), ", ")+" (default: all that are built in but auto)")
	fl.IntVar(&f.repeat, "repeat", 10, "samples of each number; the median is shown")
	fl.StringVar(&f.plot, "plot", "", "draw the rates against n in this file (.png, .svg, .pdf)")
	// A list here, where the common flag is one number.
	fl.Var(&f.threads, "threads", "numbers of threads")
	return c
}

// defaultThreads is one thread and all of them.
func defaultThreads() intsFlag {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return intsFlag{1, n}
	}
	return intsFlag{1}
}

// mostSamples bounds --repeat: all samples are kept for their median.
const mostSamples = 1_000_000

func (f *kernelsFlags) check() error {
	for _, op := range f.ops {
		if !slices.Contains(kernelNames(), op) {
			return usagef("--op %s: the kernels are %s", op, strings.Join(kernelNames(), ", "))
		}
	}
	for _, n := range f.sizes {
		if n < 1 || n > 1<<15 {
			return usagef("--n %d: an order is from 1 to %d", n, 1<<15)
		}
	}
	for _, t := range f.threads {
		if t < 1 || t > mostThreads {
			return usagef("--threads %d: it is from 1 to %d", t, mostThreads)
		}
	}
	if f.repeat < 1 || f.repeat > mostSamples {
		return usagef("--repeat %d: it is from 1 to %d", f.repeat, mostSamples)
	}
	if len(f.ops)*len(f.sizes)*len(f.threads) == 0 {
		return usagef("--op, --n and --threads each need at least one value")
	}
	return nil
}

func (s *session) kernels(ctx context.Context, f *kernelsFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	backends, err := backendList(f.backends)
	if err != nil {
		return err
	}
	largest := slices.Max(f.sizes)
	if err := s.checkMemory("operands of order "+fmt.Sprint(largest), 4*8*int64(largest)*int64(largest)); err != nil {
		return err
	}
	plot, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plot.discard()

	m := newMeter(s.stderr, len(f.ops)*len(f.sizes)*len(f.threads)*len(backends))
	closeMeter := closer(m)
	defer closeMeter()
	var rates []kernelRate
	for _, threads := range f.threads {
		first := len(rates)
		for _, name := range backends {
			b, err := blas.ByName(name, threads)
			if err != nil {
				return err
			}
			for _, op := range f.ops {
				for _, n := range f.sizes {
					if err := ctx.Err(); err != nil {
						return err
					}
					m.step(fmt.Sprintf("%s n=%d %s", op, n, name))
					rates = append(rates, kernelRate{Op: op, N: n, Backend: b.Name(), Threads: threads,
						Gflops: measureKernel(op, b, n, f.repeat)})
				}
			}
		}
		setPeak(rates[first:], threads)
	}
	closeMeter()
	if plot != nil {
		pg, err := kernelPlot(rates)
		if err != nil {
			return err
		}
		if err := plot.save(pg); err != nil {
			return err
		}
	}
	if s.json {
		return printJSON(s.stdout, rates)
	}
	return reportKernels(s.stdout, rates, f)
}

// setPeak fills in the peak of measurements at one number of threads.
func setPeak(rates []kernelRate, threads int) {
	peak := registerPeak(threads)
	if peak == 0 {
		for _, r := range rates {
			if r.Op == "gemm" {
				peak = max(peak, r.Gflops)
			}
		}
	}
	for i := range rates {
		rates[i].Peak = peak
	}
}

// backendList returns the named backends, or all that are built in.
func backendList(names []string) ([]string, error) {
	if len(names) > 0 {
		for _, name := range names {
			if _, err := blas.ByName(name, 1); err != nil {
				return nil, usagef("--backend: %w", err)
			}
		}
		return names, nil
	}
	var all []string
	for _, name := range blas.Names() {
		if name == "auto" { // which is a choice of the others
			continue
		}
		if _, err := blas.ByName(name, 1); err == nil {
			all = append(all, name)
		}
	}
	return all, nil
}

// reportKernels prints a table for each number of threads, with the backends
// side by side.
func reportKernels(w io.Writer, rates []kernelRate, f *kernelsFlags) error {
	var backends []string
	for _, r := range rates {
		if !slices.Contains(backends, r.Backend) {
			backends = append(backends, r.Backend)
		}
	}
	at := func(op string, n int, backend string, threads int) *kernelRate {
		for i := range rates {
			if r := &rates[i]; r.Op == op && r.N == n && r.Backend == backend && r.Threads == threads {
				return r
			}
		}
		return nil
	}
	fmt.Fprintln(w, machineLine())
	for _, name := range backends {
		if b, err := blas.ByName(name, f.threads[0]); err == nil {
			fmt.Fprintln(w, "backend", blas.Describe(b))
		}
	}
	for _, threads := range f.threads {
		t := newTable(append([]string{"kernel", "n"}, backends...)...)
		peak := 0.0
		for _, op := range f.ops {
			for _, n := range f.sizes {
				row := []string{op, fmt.Sprint(n)}
				for _, b := range backends {
					r := at(op, n, b, threads)
					row = append(row, fmt.Sprintf("%.2f", r.Gflops))
					peak = r.Peak
				}
				t.add(row...)
			}
		}
		fmt.Fprintf(w, "\nGflop/s with %s; peak %.1f (%s)\n", prose.Plural(threads, "thread"), peak, peakSource())
		t.print(w)
	}
	return nil
}
