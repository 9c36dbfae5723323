//go:build cgo && mumps

package mumps_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"costate/factor"
	"costate/la"
	"costate/la/atomicfile"
	"costate/la/blas"
	"costate/system/chaintest"
)

var (
	scaling      = flag.String("scaling", "", "write what MUMPS predicts for growing matrices to this file, and print it")
	scalingRanks = flag.Int("scaling-ranks", 0, "print the rows of -scaling for these ranks, which it starts itself")
)

// A family is a kind of matrix that grows: MUMPS analyses those of the sizes given.
type family struct {
	name, size string
	sizes      []int // analysed
	paper      []int // on paper only
	unknowns   func(size int) float64
	plan       func(size int) (factor.Cost, factor.Plan, error)

	// flops and entries are the orders of growth of both, as functions of the size, and
	// text says what they are.
	flops, entries func(size float64) float64
	text           string
}

// stagesOfScaling is the number of layers of the networks.
const stagesOfScaling = 4

var families = []family{
	{
		name: "3-D mesh, seven points", size: "points a side m", sizes: []int{20, 30, 40, 60, 80}, paper: []int{100, 150, 215},
		unknowns: func(m int) float64 { return math.Pow(float64(m), 3) },
		plan:     func(m int) (factor.Cost, factor.Plan, error) { return planSparse(mesh(m, 0)) },
		flops:    func(m float64) float64 { return math.Pow(m, 6) },
		entries:  func(m float64) float64 { return math.Pow(m, 4) },
		text:     "flops ∝ m⁶ = n², entries ∝ m⁴ = n^(4/3): nested dissection",
	},
	{
		name: "2-D mesh, five points", size: "points a side m", sizes: []int{100, 200, 400, 800}, paper: []int{1600, 3163},
		unknowns: func(m int) float64 { return float64(m) * float64(m) },
		plan:     func(m int) (factor.Cost, factor.Plan, error) { return planSparse(square(m)) },
		flops:    func(m float64) float64 { return math.Pow(m, 3) },
		entries:  func(m float64) float64 { return m * m * math.Log2(m) },
		text:     "flops ∝ m³ = n^(3/2), entries ∝ m² log m: nested dissection",
	},
	{
		name: fmt.Sprintf("K of a network of %d layers of width √N on a batch of √N", stagesOfScaling), size: "states a stage N", sizes: []int{256, 1024, 2304, 4096, 10000}, paper: []int{40000, 100000, 1000000},
		unknowns: func(n int) float64 { return stagesOfScaling * 3 * float64(n) },
		plan:     planNetwork,
		flops:    func(n float64) float64 { return n * n * n },
		entries:  func(n float64) float64 { return n * n },
		text:     "flops ∝ N³, entries ∝ N², both times the layers: a dense block of order N a stage",
	},
}

// square is the five-point Laplacian of m² points.
func square(m int) *la.Sym {
	return build(m*m, func(add func(i, j int, v float64)) {
		for i := range m * m {
			add(i, i, 4)
			if i%m > 0 {
				add(i, i-1, -1)
			}
			if i >= m {
				add(i, i-m, -1)
			}
		}
	})
}

// scalingOptions are without a limit of memory: nothing is factored.
func scalingOptions() *factor.Options {
	return &factor.Options{Engine: factor.EngineMUMPS, MemoryLimit: math.MaxInt64 / 2, Backend: blas.NativeThreads(1)}
}

func planSparse(a *la.Sym) (factor.Cost, factor.Plan, error) {
	var f factor.Sparse
	defer f.Reset()
	if err := f.Analyse(a, scalingOptions()); err != nil {
		return factor.Cost{}, factor.Plan{}, err
	}
	return f.Cost(), f.Plan(), nil
}

func planNetwork(n int) (factor.Cost, factor.Plan, error) {
	width := int(math.Round(math.Sqrt(float64(n))))
	c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), width, width, slices.Repeat([]chaintest.Stage{{Out: width}}, stagesOfScaling)...)
	var f factor.Augmented
	defer f.Reset()
	if err := f.Analyse(c, scalingOptions()); err != nil {
		return factor.Cost{}, factor.Plan{}, err
	}
	return f.Cost(), f.Plan(), nil
}

// A prediction is what MUMPS says of one matrix on some ranks.
type prediction struct {
	Family, Size   int
	Ranks          int
	Flops, Entries float64
	RankBytes      float64 // of the rank with most
}

// TestScaling makes the table of SCALING.md:
//
//	go test -tags mumps ./factor/mumps -run TestScaling -timeout 0 -scaling SCALING.md
func TestScaling(t *testing.T) {
	switch {
	case *scalingRanks > 0:
		if err := predictAll(); err != nil {
			t.Fatal(err)
		}
	case *scaling != "":
		var all []prediction
		for _, ranks := range []int{1, 4} {
			got, err := predictions(ranks)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, got...)
		}
		text := scalingTable(all)
		fmt.Print(text)
		if err := atomicfile.Write(*scaling, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Fatal(err)
		}
	default:
		// The smallest of each family, so that the command stays in order.
		for _, f := range families {
			cost, plan, err := f.plan(f.sizes[0])
			if err != nil || cost.Factor <= 0 || plan.Entries <= 0 || plan.RankBytes <= 0 {
				t.Errorf("%s: %+v, %+v, %v", f.name, cost, plan, err)
			}
		}
	}
}

// predictions starts so many ranks and reads what they print.
func predictions(ranks int) ([]prediction, error) {
	c := exec.Command("mpirun", "--allow-run-as-root", "--oversubscribe", "-n", strconv.Itoa(ranks), os.Args[0],
		"-test.run", "^TestScaling$", "-test.timeout", "0", "-scaling-ranks", strconv.Itoa(ranks))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	var all []prediction
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var p prediction
		if json.Unmarshal(lines.Bytes(), &p) == nil && p.Ranks == ranks {
			all = append(all, p)
		}
	}
	return all, nil
}

func predictAll() error {
	for i, f := range families {
		for _, size := range f.sizes {
			cost, plan, err := f.plan(size)
			if err != nil {
				return err
			}
			p := prediction{Family: i, Size: size, Ranks: plan.Ranks, Flops: float64(cost.Factor), Entries: float64(plan.Entries), RankBytes: float64(plan.RankBytes)}
			text, err := json.Marshal(p)
			if err != nil {
				return err
			}
			fmt.Printf("%s\n", text)
		}
	}
	return nil
}
