package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
	"onedoor/server"
)

// tokenJSON is what `token --json` prints; the token itself is in the file only.
type tokenJSON struct {
	TokenID string `json:"token_id"`
	UserID  string `json:"user_id"`
	File    string `json:"file"`
}

func newToken(a *app) *cobra.Command {
	var user, out string
	c := &cobra.Command{
		Use: "token --user USER --out FILE", Short: "Give a console user's token, list and revoke tokens", Args: cobra.NoArgs,
		Long: `Writes a token for a user to FILE (mode 0600, must not be there). With it the user
reads at the console and on this command line what the user's role may read in
the user's territory. Each token is logged, and the user sees it in the list.`,
		Example: `  onedoor token --user USER_ID --out lead.token --data ./realm
  onedoor token list --token-file lead.token`,
	}
	c.Flags().StringVar(&user, "user", "", "the `USER` it is for")
	c.Flags().StringVar(&out, "out", "", "the `FILE` to write")
	command.Required(c, "user", "out")
	c.RunE = a.asking(func(client *client, _ []string) error {
		id, err := parseID("--user", user)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(out); err == nil {
			return fmt.Errorf("write the token to %s: a file is there already: choose another name", out)
		}
		m, err := client.MintToken(client.ctx, &adminv1.MintTokenRequest{UserId: id})
		if err != nil {
			return err
		}
		if err := server.WriteToken(out, m.GetToken()); err != nil {
			// Nobody has the token, so nobody is to be able to use it.
			_, revokeErr := client.RevokeToken(client.ctx, &adminv1.RevokeTokenRequest{TokenId: m.GetTokenId()})
			return errors.Join(err, revokeErr)
		}
		return a.Print(tokenJSON{idText(m.GetTokenId()), idText(id), out}, func(w io.Writer) {
			fmt.Fprintf(w, "token %s for user %s written to %s\n", idText(m.GetTokenId()), idText(id), out)
		})
	})
	c.AddCommand(a.tokenList(), a.tokenRevoke())
	return a.reaching(c)
}

// listedTokenJSON is a token as `token list --json` prints it.
type listedTokenJSON struct {
	ID      string          `json:"id"`
	UserID  string          `json:"user_id,omitempty"`
	Minted  json.RawMessage `json:"minted"`
	Revoked json.RawMessage `json:"revoked"`
}

// tokenEventJSON is a line of the log of tokens.
type tokenEventJSON struct {
	Number  uint64          `json:"number"`
	Action  string          `json:"action"`
	TokenID string          `json:"token_id"`
	UserID  string          `json:"user_id,omitempty"`
	Time    json.RawMessage `json:"time"`
}

func (a *app) tokenList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List tokens and what happened to them", Args: cobra.NoArgs,
		Long:    "Operators and auditors see all tokens, everyone else their own. The tokens' text is\nnowhere: only who it was made for and when.",
		Example: "  onedoor token list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.ListTokens(client.ctx, &adminv1.ListTokensRequest{})
		if err != nil {
			return err
		}
		tokens := make([]listedTokenJSON, 0, len(m.GetTokens()))
		t := command.Table{}
		t.Add("ID", "USER", "MINTED", "REVOKED")
		for _, k := range m.GetTokens() {
			tokens = append(tokens, listedTokenJSON{idText(k.GetId()), idText(k.GetUserId()), command.TimeJSON(k.GetMintedMs()), command.TimeJSON(k.GetRevokedMs())})
			user := idText(k.GetUserId())
			if user == "" {
				user = "the operator's own"
			}
			t.Add(idText(k.GetId()), user, command.TimeText(k.GetMintedMs()), command.TimeText(k.GetRevokedMs()))
		}
		events := make([]tokenEventJSON, 0, len(m.GetEvents()))
		for _, e := range m.GetEvents() {
			events = append(events, tokenEventJSON{e.GetNumber(), short(e.GetAction()), idText(e.GetTokenId()), idText(e.GetUserId()), command.TimeJSON(e.GetAtMs())})
		}
		return a.Print(map[string]any{"tokens": tokens, "events": events}, t.Write)
	})
	return c
}

func (a *app) tokenRevoke() *cobra.Command {
	c := &cobra.Command{
		Use: "revoke TOKEN", Short: "Make a token void", Args: cobra.ExactArgs(1),
		Long:    "Operators revoke any token, users their own. The argument is its id, as the list\nshows it.",
		Example: "  onedoor token revoke 01890a5d-ac96-774b-bcce-b302099a8057 --data ./realm",
	}
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("token", args[0])
		if err != nil {
			return err
		}
		if _, err := client.RevokeToken(client.ctx, &adminv1.RevokeTokenRequest{TokenId: id}); err != nil {
			return err
		}
		result := doneJSON{idText(id), "revoked"}
		return a.Print(result, func(w io.Writer) { fmt.Fprintf(w, "token %s is revoked\n", result.ID) })
	})
	return c
}
