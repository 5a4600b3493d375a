package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files beside the pages, each under an address that names its content: a browser keeps it for good, and a new
// version has another address.
type assets struct {
	// byAddress gives a file's content, addresses the address of a file's name.
	byAddress map[string]asset
	addresses map[string]string
}

type asset struct {
	content []byte
	kind    string
}

// assetPrefix begins the addresses of assets.
const assetPrefix = "/assets/"

// digestDigits of a file's SHA-256 stand in its address.
const digestDigits = 12

func readAssets() (*assets, error) {
	out := &assets{byAddress: map[string]asset{}, addresses: map[string]string{}}
	err := fs.WalkDir(assetFiles, "assets", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		sum, name := sha256.Sum256(content), strings.TrimPrefix(file, "assets/")
		address := assetPrefix + hex.EncodeToString(sum[:])[:digestDigits] + "/" + name
		out.addresses[name] = address
		out.byAddress[address] = asset{content: content, kind: mime.TypeByExtension(path.Ext(name))}
		return nil
	})
	return out, err
}

// address gives the address of a file, or an error that a template stops with.
func (a *assets) address(name string) (string, error) {
	if address, ok := a.addresses[name]; ok {
		return address, nil
	}
	return "", fmt.Errorf("no asset %q", name)
}

// ServeHTTP gives a file.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byAddress[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(file.content) // A browser that has gone needs no answer.
}
