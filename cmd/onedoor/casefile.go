package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/casefile"
	"onedoor/internal/casesheet"
	"onedoor/internal/command"
)

// exportedMode lets the owner alone read an exported case.
const exportedMode = 0o600

func (a *app) caseExport() *cobra.Command {
	var out, reason string
	c := &cobra.Command{
		Use: "export CASE --out FILE", Short: "Write a case as one file (一案一档), PDF or JSON", Args: cobra.ExactArgs(1),
		Long: `Writes the whole case to FILE, which must not be there: as PDF when its name ends in
.pdf, else as JSON. It holds what the token's role may read: the case, its people by
role, deadlines and pauses, the agreement, follow-ups, the timeline, tasks, and the
attachments' hashes. Each export stands in the access ledger with its reason.`,
		Example: `  onedoor case export CASE_ID --out case.pdf --reason 法院调阅 --token-file lead.token`,
	}
	c.Flags().StringVar(&out, "out", "", "the `FILE` to write")
	c.Flags().StringVar(&reason, "reason", "", "`TEXT` that says what for; it stands in the access ledger")
	command.Required(c, "out")
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("case", args[0])
		if err != nil {
			return err
		}
		if _, err := os.Lstat(out); err == nil {
			return fmt.Errorf("write the case to %s: a file is there already: choose another name", out)
		}
		v, err := client.values()
		if err != nil {
			return err
		}
		m, err := client.ExportCase(client.ctx, &adminv1.ExportCaseRequest{CaseId: id, Reason: reason})
		if err != nil {
			return err
		}
		body, err := exported(v, m, strings.HasSuffix(strings.ToLower(out), ".pdf"))
		if err != nil {
			return err
		}
		if err := writeExported(out, body); err != nil {
			return err
		}
		return a.Print(map[string]any{"id": idText(id), "file": out, "bytes": len(body), "seq": m.GetSeq()}, func(w io.Writer) {
			fmt.Fprintf(w, "case %s written to %s (%d bytes)\n", idText(id), out, len(body))
		})
	})
	return c
}

func writeExported(path string, body []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, exportedMode)
	if err != nil {
		return fmt.Errorf("write the case: %w", err)
	}
	_, err = f.Write(body)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write the case to %s: %w: the file is not whole, remove it", path, err)
	}
	return nil
}

// exported makes the file's bytes.
func exported(v values, m *adminv1.ExportCaseResponse, pdf bool) ([]byte, error) {
	object, err := caseJSON(v, m.GetCase())
	if err != nil {
		return nil, err
	}
	object = object.With("attachments", attachmentsJSON(m.GetCase())).
		With("exported", map[string]any{"at": command.TimeJSON(m.GetAtMs()), "realm": m.GetRealmName(), "seq": m.GetSeq()})
	if !pdf {
		text, err := object.MarshalJSON()
		return append(text, '\n'), err
	}
	var b bytes.Buffer
	place, _ := object.Get("territory")
	f, err := casesheet.Of(m, strings.Trim(string(place), `"`))
	if err != nil {
		return nil, err
	}
	err = casefile.Write(&b, f)
	return b.Bytes(), err
}

// personJSON is somebody who works on a case.
type personJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Relation string `json:"relation"`
}

func peopleJSON(m *adminv1.Case) []personJSON {
	out := []personJSON{}
	for _, p := range m.GetPeople() {
		out = append(out, personJSON{idText(p.GetUserId()), p.GetName(), short(p.GetRole()), p.GetRelation()})
	}
	return out
}

// attachmentJSON is an attachment without its content.
type attachmentJSON struct {
	ID        string `json:"id"`
	Owner     string `json:"owner"`
	SHA256    string `json:"sha256"`
	SizeBytes uint64 `json:"size_bytes"`
	MediaType string `json:"media_type"`
}

func attachmentsJSON(m *adminv1.Case) []attachmentJSON {
	out := []attachmentJSON{}
	for _, a := range m.GetAttachments() {
		out = append(out, attachmentJSON{idText(a.GetId()), idText(a.GetOwnerId()), hex.EncodeToString(a.GetSha256()), a.GetSizeBytes(), a.GetMediaType()})
	}
	return out
}
