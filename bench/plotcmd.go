package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"costate/bench/internal/figure"
	"costate/nn/train/race"
)

// A plotKind knows how to draw the JSON documents of one subcommand.
type plotKind struct {
	name string
	// key is what every element of the list has, and no other document does.
	key  string
	draw func(doc []byte) (*figure.Page, error)
}

// plotKinds are the documents that can be drawn.
func plotKinds() []plotKind {
	return []plotKind{
		{"kernels", "op", func(doc []byte) (*figure.Page, error) {
			var rates []kernelRate
			if err := json.Unmarshal(doc, &rates); err != nil {
				return nil, err
			}
			return kernelPlot(rates)
		}},
		{"train", "history", func(doc []byte) (*figure.Page, error) {
			var results []*race.Result
			if err := json.Unmarshal(doc, &results); err != nil {
				return nil, err
			}
			return trainPlot("training", results, true)
		}},
		{"compare", "case", func(doc []byte) (*figure.Page, error) {
			var rows []compareRow
			if err := json.Unmarshal(doc, &rows); err != nil {
				return nil, err
			}
			return comparePlot(rows)
		}},
	}
}

func newPlot(s *session) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "plot RESULTS.json",
		Short: "Draw the results that another subcommand printed with --json",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			return s.plot(args[0], out)
		},
	}
	c.Flags().StringVar(&out, "out", "plot.png", "the file to draw in (.png, .svg, .pdf)")
	return c
}

func (s *session) plot(in, out string) error {
	doc, err := os.ReadFile(in)
	if err != nil {
		return usagef("%w", err)
	}
	var list []map[string]json.RawMessage
	if bytes.HasPrefix(bytes.TrimSpace(doc), []byte("{")) {
		doc = append(append([]byte("["), doc...), ']')
	}
	if err := json.Unmarshal(doc, &list); err != nil {
		return fmt.Errorf("%s: not a JSON document of this command: %w", in, err)
	}
	if len(list) == 0 {
		return fmt.Errorf("%s: no results in it", in)
	}
	var names []string
	for _, k := range plotKinds() {
		names = append(names, k.name)
		if _, ok := list[0][k.key]; !ok {
			continue
		}
		file, err := createPlot("out", out)
		if err != nil {
			return err
		}
		defer file.discard()
		pg, err := k.draw(doc)
		if err != nil {
			return fmt.Errorf("%s: results of %s: %w", in, k.name, err)
		}
		if err := file.save(pg); err != nil {
			return err
		}
		if s.json {
			return printJSON(s.stdout, map[string]string{"kind": k.name, "file": out})
		}
		fmt.Fprintf(s.stdout, "%s: results of %s\n", out, k.name)
		return nil
	}
	return fmt.Errorf("%s: not results of %s; run one of them with --json", in, strings.Join(names, " or "))
}
