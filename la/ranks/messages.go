package ranks

import (
	"bytes"
	"encoding/gob"
	"fmt"
)

// Encode makes a message of a value, which package gob can write, for Decode.
func Encode(v any) []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		panic(err) // a buffer takes all
	}
	return b.Bytes()
}

// Decode stores in *v what Encode has made a message of. A rank that cannot ends, by Fail.
func Decode(message []byte, v any) {
	if err := gob.NewDecoder(bytes.NewReader(message)).Decode(v); err != nil {
		Fail(err)
	}
}

// Agree returns on rank 0 its own err, or else the error of the first rank that has one;
// on other ranks err. It is for parts only, and all ranks must call it.
func Agree(err error) error {
	text := ""
	if err != nil {
		text = err.Error()
	}
	for rank, m := range Gather([]byte(text)) {
		if rank > 0 && len(m) > 0 && err == nil {
			err = fmt.Errorf("rank %d: %s", rank, m)
		}
	}
	return err
}
