package main

import (
	"slices"

	"costate/la"
)

// An influenceResult is what influence reports.
type influenceResult struct {
	Params        int               `json:"params"`
	Train         int               `json:"train"`
	Test          int               `json:"test"`
	Damping       float64           `json:"damping"`
	LeastDamping  float64           `json:"least_damping"` // with which H + εI is definite
	Curvature     string            `json:"curvature"`
	Method        string            `json:"method"`
	Gradient      float64           `json:"gradient_norm"` // of loss + ½ε‖θ‖²
	Inertia       la.Inertia        `json:"inertia"`
	BackwardError float64           `json:"backward_error"`
	Training      *trainingResult   `json:"training,omitempty"`
	LeaveOneOut   []leaveOneOut     `json:"leave_one_out,omitempty"`
	Mislabel      *mislabelResult   `json:"mislabel,omitempty"`
	Seconds       influenceSeconds  `json:"seconds"`
	Extremes      []influenceSample `json:"extremes"` // the most harmful and the most helpful, on average
}

type influenceSeconds struct {
	Train float64 `json:"train"`
	Fit   float64 `json:"fit"`
	Pairs float64 `json:"pairs"` // all test × train
	Self  float64 `json:"self"`
}

// A trainingResult is how training went.
type trainingResult struct {
	Steps          int     `json:"steps"`
	Factorizations int     `json:"factorizations"`
	Loss           float64 `json:"loss"` // with weight decay
}

// A leaveOneOut compares prediction and truth for a part of the weights removed.
type leaveOneOut struct {
	Part     float64 `json:"part"`
	Points   int     `json:"points"`
	Pearson  number  `json:"pearson"`
	Spearman number  `json:"spearman"`
	Error    number  `json:"relative_error"`
	Seconds  float64 `json:"seconds"`

	predicted, truth []float64
}

// A mislabelResult tells where planted wrong labels were found.
type mislabelResult struct {
	Part    float64 `json:"part"`
	Planted []int   `json:"planted"` // samples
	// Ranks of these, from 1: by the greatest self-influence, and by the least
	// mean influence on the test samples.
	BySelf []int `json:"ranks_self"`
	ByMean []int `json:"ranks_mean"`
	// How many of the planted are among as many first ones.
	FoundBySelf int `json:"found_self"`
	FoundByMean int `json:"found_mean"`
}

// An influenceSample is one training sample and its mean influence on the test samples.
type influenceSample struct {
	Sample int     `json:"sample"`
	Label  *int    `json:"label,omitempty"`
	Mean   float64 `json:"mean"`
	Self   float64 `json:"self"`
}

// order is the permutation that sorts x, least first.
func order(x []float64) []int {
	at := make([]int, len(x))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return 0
	})
	return at
}

// found is the ranks, from 1, of what was planted, ascending, and how many of them are
// among as many first ones.
func found(order, planted []int) (ranks []int, first int) {
	for at, i := range order {
		if _, ok := slices.BinarySearch(planted, i); ok {
			ranks = append(ranks, at+1)
			if at < len(planted) {
				first++
			}
		}
	}
	return ranks, first
}

// ranks are the places of the elements in order.
func ranks(x []float64) []float64 {
	r := make([]float64, len(x))
	for at, i := range order(x) {
		r[i] = float64(at)
	}
	return r
}
