package console

import (
	"net/http"
	"slices"
	"strings"
)

// keptPrefix begins the names of fields that a form to sign in carries for another form.
const keptPrefix = "kept."

// keptPath is the field with the address that the other form goes to.
const keptPath = "kept-path"

// keptFile is the field with the name of a field for a file, which has to be chosen again.
const keptFile = "kept-file"

// keptForm is a form that could not be sent since its session had ended. It stands in the page to sign in, so nothing of it is
// stored anywhere but in the browser that it was typed in.
type keptForm struct {
	// Path is where it goes to.
	Path string
	// Fields are what was typed, in the order of their names.
	Fields []keptField
	// Files are the names of its fields for files.
	Files []string
}

type keptField struct{ Name, Value string }

// keep takes a form as it came; nil for one that cannot be read. Of a form with a file it keeps the other fields and which file is
// to be chosen again: a page cannot hold a file.
func keep(r *http.Request) *keptForm {
	every := func(name string) (string, bool) { return name, true }
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		if r.ParseForm() != nil {
			return nil
		}
		return &keptForm{Path: ownPath(r.URL.RequestURI()), Fields: fieldsOf(r, every)}
	}
	if r.ParseMultipartForm(uploadMemory) != nil {
		return nil
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // What is left is the system's to remove.
	out := &keptForm{Path: ownPath(r.URL.RequestURI()), Fields: fieldsOf(r, every)}
	for name := range r.MultipartForm.File {
		out.Files = append(out.Files, name)
	}
	slices.Sort(out.Files)
	return out
}

// keptIn reads the form that a form to sign in carries; nil for none.
func keptIn(r *http.Request) *keptForm {
	path := r.PostFormValue(keptPath)
	if path == "" {
		return nil
	}
	return &keptForm{
		Path: ownPath(path), Files: r.PostForm[keptFile],
		Fields: fieldsOf(r, func(name string) (string, bool) { return strings.CutPrefix(name, keptPrefix) }),
	}
}

// fieldsOf lists the fields of a form that named takes, under the names it gives.
func fieldsOf(r *http.Request, named func(string) (string, bool)) (out []keptField) {
	for field, values := range r.PostForm {
		name, ok := named(field)
		for _, value := range values {
			if ok && value != "" {
				out = append(out, keptField{name, value})
			}
		}
	}
	slices.SortFunc(out, func(a, b keptField) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	return out
}
