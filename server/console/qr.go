package console

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quietModules is the margin that the standard asks for around a QR code.
const quietModules = 4

// qrPicture is a QR code as the template "qr" draws it in SVG: one path, coloured by the style sheet, sharp at any size
// and in print.
type qrPicture struct {
	// Size is the picture's edge in modules, its margin included.
	Size int
	// Path draws the black modules.
	Path string
}

func newQRPicture(text string) (*qrPicture, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code of %d bytes: %w", len(text), err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietModules, y+quietModules)
			}
		}
	}
	return &qrPicture{Size: code.Size + 2*quietModules, Path: path.String()}, nil
}
