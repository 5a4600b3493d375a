package domain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A text's natural order reads its numbers as numbers, Arabic or Chinese, full width or half: 2幢 stands before 10幢, and
// 二单元 before 十单元. Letter case and blanks do not count.

// Marks in the key by which texts are sorted. What ends stands before a number, and a number before a letter.
const (
	markEnd    = 0x00
	markBelow  = 0x01 // A number below zero, as of a basement.
	markNumber = 0x02
	markRune   = 0x03
)

// numberDigitsMax bounds a number: a longer row of digits is read as several.
const numberDigitsMax = 18

// appendNatural appends the sort key of a text: bytes whose plain order is the text's natural order.
func appendNatural(key []byte, text string) []byte {
	for len(text) > 0 {
		if n, length := numberAt(text); length > 0 {
			key = appendNumber(key, n)
			text = text[length:]
			continue
		}
		r, length := utf8.DecodeRuneInString(text)
		if r = plainRune(r); r != ' ' {
			key = append(key, markRune, byte(r>>16), byte(r>>8), byte(r))
		}
		text = text[length:]
	}
	return append(key, markEnd)
}

// appendNumber appends a number so that more digits come later.
func appendNumber(key []byte, n int64) []byte {
	if n < 0 {
		// The deeper the basement, the earlier it stands.
		return append(key, markBelow, byte(0xff+n))
	}
	at := len(key)
	key = strconv.AppendInt(append(key, markNumber, 0), n, 10)
	key[at+1] = byte(len(key) - at - 2)
	return key
}

// numberAt reads the number at the start of a text and gives how many bytes it takes; 0 when there is none.
func numberAt(text string) (n int64, length int) {
	if n, length = arabicAt(text); length > 0 {
		return n, length
	}
	return chineseAt(text)
}

func arabicAt(text string) (n int64, length int) {
	for digits := 0; length < len(text) && digits < numberDigitsMax; digits++ {
		r, size := utf8.DecodeRuneInString(text[length:])
		digit, ok := digitOf(r)
		if !ok {
			break
		}
		n = n*10 + int64(digit-'0')
		length += size
	}
	return n, length
}

// chineseDigit gives the value of a sign of Chinese numbers as they stand on doors, and the unit of 十, 百 and 千.
func chineseDigit(r rune) (digit, unit int64, ok bool) {
	switch r {
	case '〇', '零':
		return 0, 0, true
	case '一':
		return 1, 0, true
	case '二', '两':
		return 2, 0, true
	case '三':
		return 3, 0, true
	case '四':
		return 4, 0, true
	case '五':
		return 5, 0, true
	case '六':
		return 6, 0, true
	case '七':
		return 7, 0, true
	case '八':
		return 8, 0, true
	case '九':
		return 9, 0, true
	case '十':
		return 0, 10, true
	case '百':
		return 0, 100, true
	case '千':
		return 0, 1000, true
	}
	return 0, 0, false
}

// chineseAt reads 十二 as 12, 一百零五 as 105 and a plain row such as 三〇二 as 302.
func chineseAt(text string) (n int64, length int) {
	c := chineseNumber{}
	for signs := 0; length < len(text) && signs < numberDigitsMax; signs++ {
		r, size := utf8.DecodeRuneInString(text[length:])
		digit, unit, ok := chineseDigit(r)
		if !ok {
			break
		}
		c.add(digit, unit)
		length += size
	}
	return c.sum + c.digit, length
}

// chineseNumber is a Chinese number under way.
type chineseNumber struct {
	// sum is what the units before gave, digit what stands behind the last of them.
	sum, digit int64
	// behind says that a digit stands behind the last unit, and units that there was one.
	behind, units bool
}

func (c *chineseNumber) add(digit, unit int64) {
	switch {
	case unit > 0 && !c.behind:
		c.sum += unit // 十二 is 一十二.
	case unit > 0:
		c.sum += c.digit * unit
	case c.behind && !c.units:
		digit += c.digit * 10
	}
	if unit > 0 {
		c.digit, c.behind, c.units = 0, false, true
		return
	}
	c.digit, c.behind = digit, true
}

// plainRune folds width and case, and gives a blank for every sign that does not count.
func plainRune(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		r -= '！' - '!'
	case r == '　':
		r = ' '
	}
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= '一' && r <= '\u9fff':
		return r // Most of an address.
	case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("-‐‑–—_·.,，、。#()（）", r):
		return ' '
	}
	return unicode.ToLower(r)
}
