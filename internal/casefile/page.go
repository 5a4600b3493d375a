package casefile

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font/gofont/goregular"
)

// hanFont is Droid Sans Fallback, which has Chinese and no Latin letters. Its licence stands beside it.
//
//go:embed font/DroidSansFallbackFull.ttf
var hanFont []byte

// The fonts by name: han for Chinese and its punctuation, latin (the Go font) for letters and digits.
const (
	han   = "han"
	latin = "latin"
)

// hanFrom is the first character that is set in the Chinese font: radicals, Chinese punctuation and all that follows.
const hanFrom = 0x2e80

// Measures in points; A4 is 595.28 by 841.89.
const (
	marginX, marginTop, marginBottom = 56.0, 64.0, 60.0
	width                            = 595.28 - 2*marginX
	bottom                           = 841.89 - marginBottom
	titleSize, headSize, textSize    = 17, 12, 9.5
	smallSize                        = 8
	lineHeight, cellPadding          = 14.5, 4.0
	labelWidth                       = 96.0
)

// colour is a shade of the file: few, and none that a copier loses.
type colour struct{ r, g, b uint8 }

var (
	ink   = colour{0x1c, 0x1e, 0x21}
	quiet = colour{0x5f, 0x66, 0x6d}
	rule  = colour{0xc9, 0xce, 0xd3}
	band  = colour{0xf1, 0xf3, 0xf5}
)

// setter sets one file. The first error ends it; what follows does nothing.
type setter struct {
	pdf  *gopdf.GoPdf
	file *File
	y    float64
	page int
	err  error
	// forms tells which characters the fonts have.
	forms *forms
}

// Write sets a file as PDF.
func Write(w io.Writer, f *File) error {
	s := &setter{pdf: &gopdf.GoPdf{}, file: f}
	s.forms, s.err = readForms()
	s.pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	s.pdf.SetInfo(gopdf.PdfInfo{Title: f.Title, Subject: f.Number, Creator: "onedoor", CreationDate: time.Unix(0, 0).UTC()})
	s.do(s.pdf.AddTTFFontData(han, hanFont))
	s.do(s.pdf.AddTTFFontData(latin, goregular.TTF))
	s.newPage()
	s.paragraph(f.Title, titleSize, ink, 24)
	for i := range f.Sections {
		s.section(&f.Sections[i])
	}
	s.y += lineHeight
	s.paragraph(f.Source, smallSize, quiet, 12)
	if s.err != nil {
		return fmt.Errorf("set the case file: %w", s.err)
	}
	_, err := s.pdf.WriteTo(w)
	return err
}

func (s *setter) do(err error) {
	if s.err == nil {
		s.err = err
	}
}

// newPage begins a page with its head.
func (s *setter) newPage() {
	if s.err != nil {
		return
	}
	s.pdf.AddPage()
	s.page++
	s.y = marginTop - 24
	s.text(marginX, s.file.Number, smallSize, quiet)
	number := fmt.Sprintf("第 %d 页", s.page)
	s.text(marginX+width-s.measure(number, smallSize), number, smallSize, quiet)
	s.y = marginTop
}

// room begins a new page where less than height is left.
func (s *setter) room(height float64) bool {
	if s.y+height <= bottom {
		return false
	}
	s.newPage()
	return true
}

// fontOf names the font that a character is set in.
func fontOf(r rune) string {
	if r >= hanFrom {
		return han
	}
	return latin
}

// run is a part of a line in one font.
type run struct{ font, text string }

// runs cuts a line where the font changes.
func runs(line string) (out []run) {
	for _, r := range line {
		font := fontOf(r)
		if n := len(out); n > 0 && out[n-1].font == font {
			out[n-1].text += string(r)
			continue
		}
		out = append(out, run{font, string(r)})
	}
	return out
}

func (s *setter) measure(text string, size float64) (width float64) {
	for _, part := range runs(text) {
		if s.err != nil {
			return 0
		}
		s.do(s.pdf.SetFont(part.font, "", size))
		w, err := s.pdf.MeasureTextWidth(part.text)
		s.do(err)
		width += w
	}
	return width
}

// text sets one line at the height that is reached.
func (s *setter) text(x float64, line string, size float64, c colour) {
	s.pdf.SetTextColor(c.r, c.g, c.b)
	for _, part := range runs(line) {
		w := s.measure(part.text, size)
		if s.err != nil {
			return
		}
		s.pdf.SetXY(x, s.y)
		s.do(s.pdf.Cell(nil, part.text))
		x += w
	}
}

// lines breaks a text into lines of a width. A line may end between any two characters, as Chinese does, but within a
// Latin word only where the word alone is too long.
func (s *setter) lines(text string, size, most float64) (out []string) {
	for _, paragraph := range strings.Split(text, "\n") {
		line, at := "", 0.0
		for _, part := range parts(s.clean(paragraph)) {
			w := s.measure(part, size)
			if at+w > most && line != "" {
				out, line, at = append(out, strings.TrimRight(line, " ")), "", 0
				part = strings.TrimLeft(part, " ")
				w = s.measure(part, size)
			}
			for w > most && len([]rune(part)) > 1 { // A word longer than a line.
				head := s.fitting(part, size, most)
				out, part = append(out, head), part[len(head):]
				w = s.measure(part, size)
			}
			line, at = line+part, at+w
		}
		out = append(out, strings.TrimRight(line, " "))
	}
	return out
}

// fitting gives the beginning of a word that fits a line; one character at least.
func (s *setter) fitting(word string, size, most float64) string {
	end := 0
	for i, r := range word {
		if i > 0 && s.measure(word[:i+len(string(r))], size) > most {
			break
		}
		end = i + len(string(r))
	}
	return word[:end]
}

// parts cuts a text where a line may end.
func parts(text string) (out []string) {
	word := strings.Builder{}
	flush := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case r == ' ':
			word.WriteRune(r)
			flush()
		case r < 0x2e80:
			word.WriteRune(r)
		case strings.ContainsRune(noStart, r) && len(out) > 0 && word.Len() == 0:
			out[len(out)-1] += string(r)
		default:
			flush()
			out = append(out, string(r))
		}
	}
	flush()
	return out
}

// noStart may not begin a line (GB/T 15834-2011, 5.1).
const noStart = "，。、；：？！）》」』”’】…—"

// clean writes a text in characters that the fonts have: circled numbers as (1), and what has no form at all as 〓, which
// printers set for a missing character, so that nobody takes the text for whole.
func (s *setter) clean(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r >= '①' && r <= '⑳':
			fmt.Fprintf(&out, "(%d)", r-'①'+1)
		case r < ' ' || r == 0x7f:
			out.WriteByte(' ')
		case !s.forms.has(r):
			out.WriteRune(geta)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// geta stands for a character without a form.
const geta = '〓'

// paragraph sets a text over the whole width.
func (s *setter) paragraph(text string, size float64, c colour, height float64) {
	for _, line := range s.lines(text, size, width) {
		s.room(height)
		s.text(marginX, line, size, c)
		s.y += height
	}
}

func (s *setter) section(sec *Section) {
	s.y += lineHeight * 0.6
	s.room(3 * lineHeight)
	s.text(marginX, sec.Heading, headSize, ink)
	s.y += 18
	s.line(s.y)
	s.y += 6
	for _, f := range sec.Facts {
		s.fact(f)
	}
	switch {
	case len(sec.Rows) > 0:
		s.table(sec)
	case sec.Empty != "":
		s.text(marginX, sec.Empty, textSize, quiet)
		s.y += lineHeight
	}
}

// line draws a rule over the whole width.
func (s *setter) line(y float64) {
	s.pdf.SetStrokeColor(rule.r, rule.g, rule.b)
	s.pdf.SetLineWidth(0.6)
	s.pdf.Line(marginX, y, marginX+width, y)
}

func (s *setter) fact(f Fact) {
	for i, line := range s.lines(f.Value, textSize, width-labelWidth) {
		if s.room(lineHeight) || i == 0 {
			s.text(marginX, f.Label, textSize, quiet)
		}
		s.text(marginX+labelWidth, line, textSize, ink)
		s.y += lineHeight
	}
}

// table sets the columns' names again on each page.
func (s *setter) table(sec *Section) {
	s.heads(sec)
	for _, row := range sec.Rows {
		s.row(sec, row)
	}
}

func (s *setter) heads(sec *Section) {
	s.pdf.SetFillColor(band.r, band.g, band.b)
	s.pdf.RectFromUpperLeftWithStyle(marginX, s.y, width, lineHeight+2, "F")
	s.y += 2
	x := marginX
	for _, c := range sec.Columns {
		s.text(x+cellPadding, c.Name, textSize, quiet)
		x += c.Share * width
	}
	s.y += lineHeight + 3
}

// row sets a line of a table. One that is higher than what is left begins on the next page, and one that is higher than a page
// goes on there.
func (s *setter) row(sec *Section, row []string) {
	cells, most := make([][]string, len(sec.Columns)), 1
	for i, c := range sec.Columns {
		if i < len(row) {
			cells[i] = s.lines(row[i], textSize, c.Share*width-2*cellPadding)
			most = max(most, len(cells[i]))
		}
	}
	const pageful = (bottom - marginTop) / 2
	if s.room(min(float64(most)*lineHeight, pageful)) {
		s.heads(sec)
	}
	for n := range most {
		if s.room(lineHeight) {
			s.heads(sec)
		}
		x := marginX
		for i, c := range sec.Columns {
			if n < len(cells[i]) {
				s.text(x+cellPadding, cells[i][n], textSize, ink)
			}
			x += c.Share * width
		}
		s.y += lineHeight
	}
	s.line(s.y)
	s.y += 3
}
