package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// A file is what a GGUF file of version 3 holds. All numbers are little-endian.
type file struct {
	meta    []pair
	tensors []tensor
}

type pair struct {
	key   string
	value any // uint32, float32, bool, string, []string or []int32
}

// A tensor has the dimension that varies fastest first.
type tensor struct {
	name string
	dims []int
	data []float32
}

const (
	version   = 3
	alignment = 32 // of the data of each tensor, the default
)

// Types of values, and of the elements of an array, as GGUF numbers them.
const (
	typeUint32  = 4
	typeInt32   = 5
	typeFloat32 = 6
	typeBool    = 7
	typeString  = 8
	typeArray   = 9
)

const elementFloat32 = 0 // of a tensor

type encoder struct{ bytes.Buffer }

func (e *encoder) uint32(v uint32) { e.Write(binary.LittleEndian.AppendUint32(nil, v)) }
func (e *encoder) uint64(v uint64) { e.Write(binary.LittleEndian.AppendUint64(nil, v)) }

func (e *encoder) string(s string) {
	e.uint64(uint64(len(s)))
	e.WriteString(s)
}

func (e *encoder) pad() {
	for e.Len()%alignment != 0 {
		e.WriteByte(0)
	}
}

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case uint32:
		e.uint32(typeUint32)
		e.uint32(v)
	case float32:
		e.uint32(typeFloat32)
		e.uint32(math.Float32bits(v))
	case bool:
		e.uint32(typeBool)
		b := byte(0)
		if v {
			b = 1
		}
		e.WriteByte(b)
	case string:
		e.uint32(typeString)
		e.string(v)
	case []string:
		e.array(typeString, len(v))
		for _, s := range v {
			e.string(s)
		}
	case []int32:
		e.array(typeInt32, len(v))
		for _, n := range v {
			e.uint32(uint32(n))
		}
	default:
		panic(fmt.Sprintf("a value of type %T has no place in a GGUF file", v))
	}
}

func (e *encoder) array(element uint32, n int) {
	e.uint32(typeArray)
	e.uint32(element)
	e.uint64(uint64(n))
}

// bytes are the header, the metadata, where each tensor lies, and the tensors.
func (f *file) bytes() []byte {
	var e encoder
	e.WriteString("GGUF")
	e.uint32(version)
	e.uint64(uint64(len(f.tensors)))
	e.uint64(uint64(len(f.meta)))
	for _, p := range f.meta {
		e.string(p.key)
		e.value(p.value)
	}
	var data encoder
	for _, t := range f.tensors {
		e.string(t.name)
		e.uint32(uint32(len(t.dims)))
		for _, d := range t.dims {
			e.uint64(uint64(d))
		}
		e.uint32(elementFloat32)
		e.uint64(uint64(data.Len()))
		for _, x := range t.data {
			data.uint32(math.Float32bits(x))
		}
		data.pad()
	}
	e.pad()
	e.Write(data.Bytes())
	return e.Bytes()
}
