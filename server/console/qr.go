package console

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"
)

// quietModules is the margin that the standard asks for around a QR code.
const quietModules = 4

// qrPicture draws a QR code as SVG: one path, coloured by the style sheet, sharp at any size and in print.
func qrPicture(text, title string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("draw a QR code of %d bytes: %w", len(text), err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietModules, y+quietModules)
			}
		}
	}
	size := code.Size + 2*quietModules
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges"><rect width="%d" height="%d"/><path d="%s"/></svg>`,
		size, size, template.HTMLEscapeString(title), size, size, path.String())), nil
}
