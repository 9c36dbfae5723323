package serve

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/nn"
	"costate/nn/laplace"
)

// page is the protocol's page.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../python/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// between returns the page from the words from up to the next to.
func between(t *testing.T, from, to string) string {
	t.Helper()
	_, text, ok := strings.Cut(page(t), from)
	if !ok {
		t.Fatalf("the page has no %q", from)
	}
	text, _, _ = strings.Cut(text, to)
	return text
}

// words returns what is in code, sorted.
func words(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

// column returns the words in code of the first column of the table with the given head.
func column(t *testing.T, head string) []string {
	t.Helper()
	var first []string
	for _, row := range regexp.MustCompile("(?m)^\\| ([^|]*) \\|").FindAllStringSubmatch(between(t, head, "\n\n"), -1) {
		first = append(first, row[1])
	}
	return words(strings.Join(first, " "))
}

// The page has what the code has.
func TestPage(t *testing.T) {
	ops := append(slices.Collect(maps.Keys(operations)), "ping", "free", "cancel")
	slices.Sort(ops)
	var types []string
	for _, err := range []error{errNotFactored, &notFiniteError{}, &la.AsymmetricError{}, &factor.SingularError{}, &factor.AccuracyError{},
		&factor.MemoryError{}, &factor.InverseError{}, &factor.IndefiniteError{}, &laplace.NotMinimumError{}, &eigen.LanczosError{}, errCancelled,
		&internalError{}} {
		kind, _ := classify(err)
		types = append(types, kind)
	}
	slices.Sort(types)
	for _, c := range []struct {
		what       string
		page, code []string
	}{
		{"operations", column(t, "| op | handle |"), ops},
		{"errors", column(t, "| type | fields |"), types},
		{"losses", words(between(t, "the loss one of ", ":")), nn.LossNames()},
		{"activations", words(between(t, "`act` is one of ", ";")), nn.ActivationNames()},
	} {
		if !slices.Equal(c.page, c.code) {
			t.Errorf("%s: the page has %v, the code %v", c.what, c.page, c.code)
		}
	}
	kinds := column(t, "| kind | fields |")
	if len(kinds) < 10 {
		t.Errorf("only the layers %v", kinds)
	}
	for _, kind := range kinds {
		s := layerSpec{Kind: kind, Act: "tanh", Eps: 1}
		if l, err := s.make(); err != nil || l == nil && kind != "residual" {
			t.Errorf("the layer %s of the page: %v, %v", kind, l, err)
		}
	}
}
