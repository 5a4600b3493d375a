package casefile

import (
	"fmt"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// forms knows the characters of both fonts.
type forms struct {
	fonts map[string]*sfnt.Font
	room  sfnt.Buffer
}

func readForms() (*forms, error) {
	out := &forms{fonts: map[string]*sfnt.Font{}}
	for name, data := range map[string][]byte{han: hanFont, latin: goregular.TTF} {
		f, err := sfnt.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("read the font %s: %w", name, err)
		}
		out.fonts[name] = f
	}
	return out, nil
}

// has reports that the font of a character has a form for it.
func (f *forms) has(r rune) bool {
	at, err := f.fonts[fontOf(r)].GlyphIndex(&f.room, r)
	return err == nil && at != 0
}
