package npz

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// catalog says which array of a file is what.
type catalog struct {
	weights, biases []string // of the layers; no bias is ""
	has             map[string]bool
	ignored         []string // what means nothing here
}

var (
	ownName   = regexp.MustCompile(`^([Wb])([1-9][0-9]{0,5})$`)
	nearName  = regexp.MustCompile(`^[WwBb][0-9]+$`)
	torchName = regexp.MustCompile(`^(|.*[^0-9])([0-9]{1,6})((?:\.[A-Za-z_][A-Za-z0-9_]*)*)\.(weight|bias)$`)
)

// arraysAmong returns the names of the arrays among the files of an archive, and a catalog
// that has these. The other files are ignored.
func arraysAmong(keys []string) (c *catalog, names []string, err error) {
	c = &catalog{has: map[string]bool{}}
	for _, key := range keys {
		name, isArray := strings.CutSuffix(key, ".npy")
		if !isArray {
			c.ignored = append(c.ignored, key)
			continue
		}
		if c.has[name] {
			return nil, nil, fmt.Errorf("array %s is there twice", name)
		}
		c.has[name] = true
		names = append(names, name)
	}
	return c, names, nil
}

// isData reports whether an array of that name has data rather than parameters.
func isData(name string) bool { return name == "X" || name == "T" || name == "g" || name == "x" }

// newCatalog sorts the names of an archive: W1, b1, … or those of a state_dict of
// PyTorch, as 0.weight, 0.bias or layers.0.weight.
func newCatalog(keys []string) (*catalog, error) {
	c, names, err := arraysAmong(keys)
	if err != nil {
		return nil, err
	}
	own, torch := map[int]string{}, map[int]string{} // a weight of each number
	around := ""                                     // the number in a state_dict's names
	for _, name := range names {
		if m := ownName.FindStringSubmatch(name); m != nil {
			k, _ := strconv.Atoi(m[2])
			if m[1] == "W" || own[k] == "" {
				own[k] = name
			}
		} else if m := torchName.FindStringSubmatch(name); m != nil {
			if a := m[1] + "0" + m[3]; around == "" {
				around = a
			} else if a != around {
				return nil, fmt.Errorf("arrays %s and %s: it is not clear which layer comes first; name them W1, b1, W2, … ", torch[slices.Min(keysOf(torch))], name)
			}
			k, _ := strconv.Atoi(m[2])
			if m[4] == "weight" || torch[k] == "" {
				torch[k] = name
			}
		} else if nearName.MatchString(name) {
			return nil, fmt.Errorf("array %s: weights are W1, W2, … and biases b1, b2, …, counted from 1", name)
		} else if !isData(name) {
			c.ignored = append(c.ignored, name)
		}
	}
	if len(own) > 0 && len(torch) > 0 {
		return nil, fmt.Errorf("arrays %s and %s: two ways to name the layers; leave one of them out", own[slices.Min(keysOf(own))], torch[slices.Min(keysOf(torch))])
	}
	if len(torch) > 0 {
		if err := c.takeTorch(torch); err != nil {
			return nil, err
		}
	} else if err := c.takeOwn(own, names); err != nil {
		return nil, err
	}
	return c, c.needData(names, knownNames)
}

// newDataCatalog sorts the names of an archive that is to have data only.
func newDataCatalog(keys []string) (*catalog, error) {
	c, names, err := arraysAmong(keys)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !isData(name) {
			c.ignored = append(c.ignored, name)
		}
	}
	return c, c.needData(names, "X, T and g")
}

// needData reports which of the data is not among the names.
func (c *catalog) needData(names []string, known string) error {
	for _, name := range []string{"X", "T"} {
		if !c.has[name] {
			return fmt.Errorf("array %s is missing%s", name, listed(names, known))
		}
	}
	return nil
}

func keysOf(m map[int]string) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare)
	return keys
}

// takeOwn takes W1, b1, W2, … .
func (c *catalog) takeOwn(own map[int]string, names []string) error {
	last := 1
	for k := range own {
		last = max(last, k)
	}
	for k := 1; k <= last; k++ {
		w, b := "W"+strconv.Itoa(k), "b"+strconv.Itoa(k)
		if !c.has[w] {
			return fmt.Errorf("array %s is missing%s", w, listed(names, knownNames))
		}
		if !c.has[b] {
			b = ""
		}
		c.weights, c.biases = append(c.weights, w), append(c.biases, b)
	}
	return nil
}

// takeTorch takes the layers of a state_dict in the order of their numbers, which
// activations between them may have, too.
func (c *catalog) takeTorch(torch map[int]string) error {
	for _, k := range keysOf(torch) {
		w, isWeight := strings.CutSuffix(torch[k], ".weight")
		if !isWeight {
			return fmt.Errorf("array %s has no weight with it", torch[k])
		}
		b := w + ".bias"
		if !c.has[b] {
			b = ""
		}
		c.weights, c.biases = append(c.weights, torch[k]), append(c.biases, b)
	}
	return nil
}

const knownNames = "W1, b1, W2, b2, … or 0.weight, 0.bias, …, and X, T, g and x"

// listed says which names there are instead of those that are known.
func listed(names []string, known string) string {
	if len(names) == 0 {
		return "; the file has no arrays (np.savez writes them)"
	}
	slices.Sort(names)
	text := strings.Join(names[:min(len(names), 12)], ", ")
	if len(names) > 12 {
		text += ", …"
	}
	return fmt.Sprintf(" (there are %s); known are %s", text, known)
}
