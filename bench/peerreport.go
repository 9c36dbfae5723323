package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"costate/bench/internal/prose"
	"costate/la/blas"
)

// reportPeer prints both sides in one Markdown table, and the medians of ratios by class
// in another.
func reportPeer(w io.Writer, rows []peerRow, f *peerFlags, b blas.Backend) {
	fmt.Fprintf(w, "%s; %s, %s; least of %s\n\n", machineLine(), b.Name(), prose.Plural(b.Threads(), "thread"), prose.Plural(f.repeat, "round"))
	t := newTable("matrix", "order", "class", "peer: order, factor, solve", "costate: order, factor, solve", "refactor",
		"total", "refactor", "flops", "nnz(L)", "bytes", "notes")
	for i := range rows {
		r := &rows[i]
		line := []string{r.Matrix, prose.Group(r.Order), r.Class, "–", "–", "–", "–", "–", "–", "–", "–", strings.Join(r.Errors, "; ")}
		if p := r.Peer; p != nil {
			line[3] = phases(p)
		}
		if o := r.Own; o != nil {
			line[4], line[5] = phases(o), fmt.Sprintf("%.3g", o.Refactor)
			if !*o.Certain {
				line[11] = strings.TrimPrefix(line[11]+"; count not certain", "; ")
			}
		}
		if x := r.Ratio; x != nil {
			for k, v := range []number{x.Total, x.Refactor, x.Flops, x.Fill, x.Bytes} {
				line[6+k] = fmt.Sprintf("%.2f", float64(v))
			}
		}
		t.add(line...)
	}
	t.markdown(w)

	fmt.Fprint(w, "\nMedian and largest ratio of costate to the peer:\n\n")
	t = newTable("class", "matrices", "total", "order", "factor", "solve", "refactor", "flops", "nnz(L)", "bytes")
	classes := []string{"all"}
	for i := range rows {
		if !slices.Contains(classes, rows[i].Class) {
			classes = append(classes, rows[i].Class)
		}
	}
	for _, class := range classes {
		addMedians(t, class, rows)
	}
	t.markdown(w)
}

// phases are the seconds of a side.
func phases(s *peerSide) string {
	return fmt.Sprintf("%.3g = %.3g + %.3g + %.3g", s.Total, s.Order, s.Factor, s.Solve)
}

// addMedians adds the median and the largest of each ratio of a class.
func addMedians(t *table, class string, rows []peerRow) {
	var ratios [8][]float64
	for i := range rows {
		r := &rows[i]
		if r.Ratio == nil || class != "all" && r.Class != class {
			continue
		}
		x := r.Ratio
		for k, v := range []number{x.Total, x.Order, x.Factor, x.Solve, x.Refactor, x.Flops, x.Fill, x.Bytes} {
			if !math.IsNaN(float64(v)) {
				ratios[k] = append(ratios[k], float64(v))
			}
		}
	}
	if len(ratios[0]) == 0 {
		return
	}
	line := []string{class, fmt.Sprint(len(ratios[0]))}
	for _, v := range ratios {
		if len(v) == 0 {
			line = append(line, "–")
			continue
		}
		slices.Sort(v)
		n := len(v)
		line = append(line, fmt.Sprintf("%.2f, %.2f", 0.5*(v[(n-1)/2]+v[n/2]), v[n-1]))
	}
	t.add(line...)
}
