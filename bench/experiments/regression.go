package experiments

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"costate/nn"
	"costate/nn/train"
	"costate/nn/train/race"
)

//go:embed diabetes.csv
var diabetesText string

// diabetes is the table of B. Efron, T. Hastie, I. Johnstone and R. Tibshirani,
// Least angle regression, Annals of Statistics 32 (2004): ten measurements of 442
// patients and the progression of the disease; all columns shifted and scaled to
// mean 0 and variance 1.
func diabetes() (*nn.Batch, error) {
	rows, err := csv.NewReader(strings.NewReader(diabetesText)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("diabetes.csv: %w", err)
	}
	rows = rows[1:]
	n, width := len(rows), len(rows[0])
	column := make([]float64, n)
	b := &nn.Batch{N: n, X: make([]float64, n*(width-1)), T: make([]float64, n)}
	for j := range width {
		mean, square := 0.0, 0.0
		for i, r := range rows {
			if column[i], err = strconv.ParseFloat(r[j], 64); err != nil {
				return nil, fmt.Errorf("diabetes.csv: line %d: %w", i+2, err)
			}
			mean += column[i] / float64(n)
		}
		for _, v := range column {
			square += (v - mean) * (v - mean) / float64(n)
		}
		for i, v := range column {
			v = (v - mean) / math.Sqrt(square)
			if j == width-1 {
				b.T[i] = v
			} else {
				b.X[i*(width-1)+j] = v
			}
		}
	}
	return b, nil
}

// smooth is 2,000 points of a smooth function of four variables on [−1, 1]⁴,
// scaled to mean square about 1.
func smooth() *nn.Batch {
	const n = 2000
	r := rand.New(rand.NewPCG(4, 4))
	b := &nn.Batch{N: n, X: make([]float64, 4*n), T: make([]float64, n)}
	for i := range b.X {
		b.X[i] = 2*r.Float64() - 1
	}
	for i := range n {
		p := b.X[4*i : 4*i+4]
		b.T[i] = math.Sin(2*p[0]+p[1]) + math.Exp(-2*p[1]*p[1]-p[2]*p[2]) + p[2]*p[3]*math.Cos(p[0]) - 0.5
	}
	return b
}

var regression = experiment{
	name:  "regression",
	title: "Regression on small data to high precision",
	note: `Mean squared error on the training data after equal seconds, 40 for each optimizer and learning rate on 2,000 points of
sin(2a+b) + exp(−2b²−c²) + cd cos a − ½ with a network of 6 layers of width 16, and 15 on the diabetes table of Efron, Hastie,
Johnstone and Tibshirani (2004; 442 patients, 10 measurements, all columns scaled to variance 1) with 6 layers of width 10. tanh, biases, weights of
standard deviation 1/√fan-in. The second is about fitting, not about prediction: with as many parameters as patients the noise is learned by heart.`,
	run: func(x *Results) error {
		table, err := diabetes()
		if err != nil {
			return err
		}
		for _, p := range []struct {
			name   string
			batch  *nn.Batch
			inputs int
			width  int

			seconds float64
		}{{"smooth function", smooth(), 4, 16, 40}, {"diabetes", table, 10, 10, 15}} {
			net, err := x.mlp(p.inputs, 1, 6, p.width, nn.Tanh, nn.SquaredError, true, 1, nil)
			if err != nil {
				return err
			}
			j := &race.Job{Net: net, Seconds: p.seconds, Target: 1e-28, Sampler: func() *train.Sampler { return &train.Sampler{All: p.batch} }}
			if err := x.contend(p.name, 1, j, x.contenders("lm adam lbfgs", map[string][]float64{"adam": {0.003, 0.01}})); err != nil {
				return err
			}
		}
		return nil
	},
}
