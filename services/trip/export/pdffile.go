package export

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// The library writes the time of writing into a document and into each font of it, and the program's name where the
// language belongs. settle puts these right, so that the same itinerary makes the same bytes.

var (
	xrefStart   = regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`)
	xrefEntry   = regexp.MustCompile(`(\d{10}) 00000 n \n`)
	fontProgram = regexp.MustCompile(`/FontFile2 (\d+) 0 R`)
	writtenDate = regexp.MustCompile(`/CreationDate\([^)]*\)`)
	writtenLang = regexp.MustCompile(`/Lang\([^)]*\)`)
	streamOpens = regexp.MustCompile(`/Length (\d+)>>stream\n`)
)

// errNotAsExpected says that the library writes documents in another form now.
var errNotAsExpected = errors.New("the PDF is not as the library used to write it")

// settle rewrites a document as the library writes it: with a time, a language, and fonts that carry no time of theirs.
func settle(pdf []byte, made time.Time, language string) ([]byte, error) {
	end := xrefStart.FindSubmatch(pdf)
	if end == nil {
		return nil, errNotAsExpected
	}
	table, err := strconv.Atoi(string(end[1]))
	if err != nil || table > len(pdf) {
		return nil, errNotAsExpected
	}
	trailer := bytes.Index(pdf[table:], []byte("trailer\n"))
	fonts := map[string]bool{}
	for _, found := range fontProgram.FindAllSubmatch(pdf, -1) {
		fonts[string(found[1])] = true
	}
	var offsets []int // of objects 1, 2, …
	for _, entry := range xrefEntry.FindAllSubmatch(pdf[table:], -1) {
		at, err := strconv.Atoi(string(entry[1]))
		if err != nil || at >= table {
			return nil, errNotAsExpected
		}
		offsets = append(offsets, at)
	}
	if trailer < 0 || len(offsets) == 0 {
		return nil, errNotAsExpected
	}
	order := slices.Sorted(slices.Values(offsets)) // as they stand in the document
	out := bytes.NewBuffer(slices.Clone(pdf[:order[0]]))
	moved := map[int]int{}
	for i, at := range order {
		next := table
		if i+1 < len(order) {
			next = order[i+1]
		}
		object, err := settleObject(pdf[at:next], fonts, made, language)
		if err != nil {
			return nil, err
		}
		moved[at] = out.Len()
		out.Write(object)
	}
	start := out.Len()
	fmt.Fprintf(out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(out, "%010d 00000 n \n", moved[at])
	}
	out.Write(xrefStart.ReplaceAll(pdf[table+trailer:], fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", start)))
	return out.Bytes(), nil
}

func settleObject(object []byte, fonts map[string]bool, made time.Time, language string) ([]byte, error) {
	number, _, _ := bytes.Cut(object, []byte(" "))
	switch {
	case string(number) == "1": // the catalogue
		return writtenLang.ReplaceAll(object, []byte("/Lang("+language+")")), nil
	case string(number) == "2": // the document's information
		return writtenDate.ReplaceAll(object, made.UTC().AppendFormat(nil, "/CreationDate(D:20060102150405Z)")), nil
	case fonts[string(number)]:
		return settleFont(object)
	}
	return object, nil
}

// settleFont rewrites the object of a font program.
func settleFont(object []byte) ([]byte, error) {
	opens := streamOpens.FindSubmatchIndex(object)
	if opens == nil {
		return nil, errNotAsExpected
	}
	length, err := strconv.Atoi(string(object[opens[2]:opens[3]]))
	if err != nil || opens[1]+length > len(object) {
		return nil, errNotAsExpected
	}
	reader, err := zlib.NewReader(bytes.NewReader(object[opens[1] : opens[1]+length]))
	if err != nil {
		return nil, errors.Join(errNotAsExpected, err)
	}
	font, err := io.ReadAll(reader)
	if err != nil {
		return nil, errors.Join(errNotAsExpected, err)
	}
	if !unstamp(font) {
		return nil, errNotAsExpected
	}
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	_, err = writer.Write(font)
	if err = errors.Join(err, writer.Close()); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(slices.Clone(object[:opens[2]]))
	fmt.Fprintf(out, "%d>>stream\n", packed.Len())
	out.Write(packed.Bytes())
	out.Write(object[opens[1]+length:])
	return out.Bytes(), nil
}

// unstamp makes a TrueType font's time of change that of its making (OpenType 1.9, "head").
func unstamp(font []byte) bool {
	const record, headLength = 16, 54
	for at := 12; at+record <= len(font); at += record {
		if string(font[at:at+4]) != "head" {
			continue
		}
		offset, length := int(binary.BigEndian.Uint32(font[at+8:])), int(binary.BigEndian.Uint32(font[at+12:]))
		padded := (length + 3) &^ 3
		if length < headLength || offset+padded > len(font) {
			return false
		}
		head := font[offset : offset+padded]
		copy(head[28:36], head[20:28])
		binary.BigEndian.PutUint32(head[8:], 0) // the whole font's check sum is made with this as zero
		binary.BigEndian.PutUint32(font[at+4:], checksum(head))
		binary.BigEndian.PutUint32(head[8:], 0xB1B0AFBA-checksum(font))
		return true
	}
	return false
}

// checksum adds up a table in words; its length is a multiple of 4.
func checksum(table []byte) uint32 {
	var sum uint32
	for ; len(table) >= 4; table = table[4:] {
		sum += binary.BigEndian.Uint32(table)
	}
	return sum
}
