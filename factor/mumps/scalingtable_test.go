//go:build cgo && mumps

package mumps_test

import (
	"fmt"
	"strings"

	"costate/factor/mumps"
)

// scalingTable is the text of SCALING.md.
func scalingTable(all []prediction) string {
	var b strings.Builder
	version, _ := mumps.Version()
	fmt.Fprintf(&b, `# What MUMPS predicts for matrices beyond one machine

Flops and entries of the factors of LDLᵀ, and the memory of the rank that needs most (factors
and workspaces, 30 %% more than without delayed pivots; without the matrix), as the analysis
of %s predicts them. Nothing was factored. Made by

    go test -tags mumps ./factor/mumps -run TestScaling -timeout 0 -scaling SCALING.md

Rows with a formula are on paper: the last row that was analysed times the ratio of the orders
of growth named. Their memory is that row's times the ratio for entries, and on p ranks that
over p^e, with the e of the ratio from 1 to 4 ranks in that row. They tell the order of
magnitude, no more: below each table is how well the formula would have told the last row
that was analysed from the one before it. Seconds are flops over the speed that a rank
reaches and the number of ranks, if all are kept busy.

`, version)
	for i, f := range families {
		fmt.Fprintf(&b, "## %s\n\n%s.\n\n", f.name, capital(f.text))
		fmt.Fprintf(&b, "| %s | unknowns | flops | entries | GB a rank, of 1 | of 4 | of 64 | |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n", f.size)
		var one, four prediction
		for _, size := range f.sizes {
			one, four = find(all, i, size, 1), find(all, i, size, 4)
			fmt.Fprintf(&b, "| %d | %.3g | %.2e | %.2e | %s | %s | | analysed |\n", size, f.unknowns(size), one.Flops, one.Entries, gigabytes(one.RankBytes), gigabytes(four.RankBytes))
		}
		shared := four.RankBytes / one.RankBytes
		last := float64(f.sizes[len(f.sizes)-1])
		for _, size := range f.paper {
			s := float64(size)
			memory := one.RankBytes * f.entries(s) / f.entries(last)
			// From 1 to 64 ranks there are three times as many doublings as from 1 to 4.
			fmt.Fprintf(&b, "| %d | %.3g | %.1e | %.1e | %s | %s | %s | formula |\n", size, f.unknowns(size), one.Flops*f.flops(s)/f.flops(last), one.Entries*f.entries(s)/f.entries(last),
				gigabytes(memory), gigabytes(memory*shared), gigabytes(memory*shared*shared*shared))
		}
		prior := f.sizes[len(f.sizes)-2]
		p := find(all, i, prior, 1)
		fmt.Fprintf(&b, "\nFrom the row of %d the formula gives %.2f times the flops and %.2f times the entries of that of %g.\n\n", prior,
			p.Flops*f.flops(last)/f.flops(float64(prior))/one.Flops, p.Entries*f.entries(last)/f.entries(float64(prior))/one.Entries, last)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func gigabytes(b float64) string { return fmt.Sprintf("%.2g", b/1e9) }

// find is the prediction of a family and a size on so many ranks.
func find(all []prediction, family, size, ranks int) prediction {
	for _, p := range all {
		if p.Family == family && p.Size == size && p.Ranks == ranks {
			return p
		}
	}
	return prediction{}
}
