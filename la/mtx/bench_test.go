package mtx

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"costate/la"
)

func benchFile() (*la.Sym, []byte) {
	rng := rand.New(rand.NewPCG(1, 1))
	b := la.NewSymBuilder(20_000, 0)
	for range 500_000 {
		b.Add(rng.IntN(20_000), rng.IntN(20_000), rng.NormFloat64())
	}
	a, _ := b.Build()
	var buf bytes.Buffer
	if err := Write(&buf, a); err != nil {
		panic(err)
	}
	return a, buf.Bytes()
}

func BenchmarkRead(b *testing.B) {
	_, text := benchFile()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	a, text := benchFile()
	b.SetBytes(int64(len(text)))
	var buf bytes.Buffer
	for b.Loop() {
		buf.Reset()
		if err := Write(&buf, a); err != nil {
			b.Fatal(err)
		}
	}
}
