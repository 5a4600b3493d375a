package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mdp/qrterminal/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
	"onedoor/server"
)

func newSignIn(a *app) *cobra.Command {
	return a.reaching(command.Group("signin", "Who may sign in at the console and on this command line",
		`Somebody signs in with a name, a password and the six digits of an authenticator
app, or at an identity provider. The operator invites; only the person ever knows
the password.`,
		a.signInInvite(), a.signInSetUp(), a.signInList(), a.signInRemove()))
}

func (a *app) signInInvite() *cobra.Command {
	var user, name, subject string
	c := &cobra.Command{
		Use: "invite --user USER (--name NAME | --subject SUBJECT)", Short: "Let a user set up a password and an authenticator", Args: cobra.NoArgs,
		Long: `Prints a code that works once and for 72 hours; the user runs ` + "`onedoor signin setup`" + `
with it. Inviting again is how a forgotten password or a lost authenticator is
replaced; what is in force stays so until the new set-up is finished.

With --subject the user signs in at the identity provider, and no code is made:
the subject is the provider's own id of the person ("sub" in its ID tokens).`,
		Example: `  onedoor signin invite --user USER_ID --name he.li --data ./realm`,
	}
	c.Flags().StringVar(&user, "user", "", "the `USER`")
	c.Flags().StringVar(&name, "name", "", "`NAME` to sign in by: letters, digits and . _ - @")
	c.Flags().StringVar(&subject, "subject", "", "the person's `SUBJECT` at the identity provider")
	command.Required(c, "user")
	c.MarkFlagsOneRequired("name", "subject")
	c.MarkFlagsMutuallyExclusive("name", "subject")
	c.RunE = a.asking(func(client *client, _ []string) error {
		id, err := parseID("--user", user)
		if err != nil {
			return err
		}
		m, err := client.Invite(client.ctx, &adminv1.InviteRequest{UserId: id, Name: name, Subject: subject})
		if err != nil {
			return err
		}
		if m.GetCode() == "" {
			return a.Print(doneJSON{idText(id), "linked"}, func(w io.Writer) { fmt.Fprintf(w, "user %s signs in at the identity provider\n", idText(id)) })
		}
		return a.Print(codeJSON{m.GetCode(), command.TimeJSON(m.GetExpiresMs())}, func(w io.Writer) {
			fmt.Fprintf(w, "%s\nworks once, until %s; the user runs `onedoor signin setup --code CODE`\n", m.GetCode(), command.TimeText(m.GetExpiresMs()))
		})
	})
	return c
}

// signInNameJSON is what `signin setup --json` prints.
type signInNameJSON struct {
	Name string `json:"name"`
}

func (a *app) signInSetUp() *cobra.Command {
	var code string
	c := &cobra.Command{
		Use: "setup --code CODE", Short: "Choose a password and connect an authenticator app", Args: cobra.NoArgs,
		Long: `Asks for a new password of at least ten characters, shows a key for an
authenticator app (as QR code on a terminal), and asks for the six digits that it
then shows. Without a terminal both are read from standard input, a line each, and
the key is written to standard error.`,
		Example: `  onedoor signin setup --code 2X4K-9PQM-T7WZ --server onedoor.example:7443`,
	}
	c.Flags().StringVar(&code, "code", "", "the invitation's `CODE`")
	command.Required(c, "code")
	c.RunE = a.openly(func(client *client, _ []string) error {
		ask := a.prompt()
		password, err := ask.newPassword()
		if err != nil {
			return err
		}
		m, err := client.BeginSetUp(client.ctx, &adminv1.BeginSetUpRequest{Code: code, Password: password})
		if err != nil {
			return err
		}
		if a.Terminal {
			qrterminal.GenerateHalfBlock(m.GetOtpauthUri(), qrterminal.M, a.Err)
		}
		fmt.Fprintf(a.Err, "%s\nor type this key into the authenticator: %s\n", m.GetOtpauthUri(), m.GetSecret())
		digits, err := ask.line("Six digits that it shows: ")
		if err != nil {
			return err
		}
		done, err := client.FinishSetUp(client.ctx, &adminv1.FinishSetUpRequest{Code: code, Totp: digits})
		if err != nil {
			return err
		}
		return a.Print(signInNameJSON{done.GetName()}, func(w io.Writer) {
			fmt.Fprintf(w, "%s may sign in now: onedoor login --name %s --out FILE\n", done.GetName(), done.GetName())
		})
	})
	return c
}

// accountJSON is an account as `signin list --json` prints it.
type accountJSON struct {
	UserID   string          `json:"user_id"`
	Name     string          `json:"name,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	SetUp    bool            `json:"set_up"`
	SignedIn json.RawMessage `json:"signed_in"`
}

func (a *app) signInList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List who may sign in", Args: cobra.NoArgs,
		Long:    "For operators and auditors.",
		Example: "  onedoor signin list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.ListSignIns(client.ctx, &adminv1.ListSignInsRequest{})
		if err != nil {
			return err
		}
		accounts := make([]accountJSON, 0, len(m.GetAccounts()))
		t := command.Table{}
		t.Add("USER", "NAME", "SUBJECT", "SET UP", "SIGNED IN")
		for _, k := range m.GetAccounts() {
			accounts = append(accounts, accountJSON{idText(k.GetUserId()), k.GetName(), k.GetSubject(), k.GetSetUp(), command.TimeJSON(k.GetSignedInMs())})
			t.Add(idText(k.GetUserId()), orDash(k.GetName()), orDash(k.GetSubject()), fmt.Sprint(k.GetSetUp()), command.TimeText(k.GetSignedInMs()))
		}
		return a.Print(map[string]any{"accounts": accounts}, t.Write)
	})
	return c
}

func (a *app) signInRemove() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "remove --user USER", Short: "Take a user's way to sign in away", Args: cobra.NoArgs,
		Long:    "Also ends the user's sessions. Tokens that the operator made stay; see `onedoor token`.",
		Example: "  onedoor signin remove --user USER_ID --data ./realm",
	}
	c.Flags().StringVar(&user, "user", "", "the `USER`")
	command.Required(c, "user")
	c.RunE = a.asking(func(client *client, _ []string) error {
		id, err := parseID("--user", user)
		if err != nil {
			return err
		}
		if _, err := client.RemoveSignIn(client.ctx, &adminv1.RemoveSignInRequest{UserId: id}); err != nil {
			return err
		}
		return a.Print(doneJSON{idText(id), "removed"}, func(w io.Writer) { fmt.Fprintf(w, "user %s cannot sign in any more\n", idText(id)) })
	})
	return c
}

// sessionJSON is what `login --json` prints; the token itself is in the file only.
type sessionJSON struct {
	TokenID string          `json:"token_id"`
	UserID  string          `json:"user_id"`
	User    string          `json:"user"`
	File    string          `json:"file"`
	Expires json.RawMessage `json:"expires"`
}

func newLogin(a *app) *cobra.Command {
	var name, out string
	var provider bool
	var realm uint32
	c := &cobra.Command{
		Use: "login (--name NAME | --provider) [--realm CODE] --out FILE", Short: "Sign in and keep the session's token in a file", Args: cobra.NoArgs,
		Long: `Asks for the password and the authenticator's six digits (without a terminal both
are read from standard input, a line each), or with --provider opens the identity
provider. Writes the session's token to FILE (mode 0600, must not be there). It
ends after 12 hours, or with ` + "`onedoor logout`" + `.

Where the server has several realms, --realm says which one: six digits. Without it
the error lists them.

Too many failures make everybody at the same address, or everybody who types the
same name, wait; the message says how long.`,
		Example: `  onedoor login --name he.li --out me.token --server onedoor.example:7443
  export ONEDOOR_TOKEN_FILE=me.token
  onedoor login --name he.li --realm 530702 --out me.token --server onedoor.example:7443`,
	}
	c.Flags().Uint32Var(&realm, "realm", 0, "the `CODE` of the realm to sign in to, where the server has several")
	c.Flags().StringVar(&name, "name", "", "the `NAME` to sign in by")
	c.Flags().BoolVar(&provider, "provider", false, "sign in at the identity provider, in a browser on this machine")
	c.Flags().StringVar(&out, "out", "", "the `FILE` to write")
	command.Required(c, "out")
	c.MarkFlagsOneRequired("name", "provider")
	c.MarkFlagsMutuallyExclusive("name", "provider")
	c.RunE = a.openly(func(client *client, _ []string) error {
		if _, err := os.Lstat(out); err == nil {
			return fmt.Errorf("write the token to %s: a file is there already: log out first, or choose another name", out)
		}
		proof, err := a.proof(client, name, provider, realm)
		if err != nil {
			return err
		}
		m, err := client.SignIn(client.ctx, proof)
		if err != nil {
			return err
		}
		if err := server.WriteToken(out, m.GetToken()); err != nil {
			return err
		}
		result := sessionJSON{idText(m.GetTokenId()), idText(m.GetUserId()), m.GetUserName(), out, command.TimeJSON(m.GetExpiresMs())}
		return a.Print(result, func(w io.Writer) {
			fmt.Fprintf(w, "signed in as %s until %s; the token is in %s\n", m.GetUserName(), command.TimeText(m.GetExpiresMs()), out)
		})
	})
	return a.reaching(c)
}

// proof gathers what a person shows.
func (a *app) proof(client *client, name string, provider bool, realm uint32) (*adminv1.SignInRequest, error) {
	ways, err := client.GetSignIn(client.ctx, &adminv1.GetSignInRequest{Realm: realm})
	if err != nil {
		return nil, err
	}
	if ways.GetRealm() == 0 {
		return nil, command.Misused("this server has several realms: name one with --realm: %s", namesOf(ways.GetRealms()))
	}
	if provider {
		token, err := a.idToken(client, ways)
		return &adminv1.SignInRequest{Realm: ways.GetRealm(), Proof: &adminv1.SignInRequest_IdToken{IdToken: token}}, err
	}
	ask := a.prompt()
	password, err := ask.secret("Password: ")
	if err != nil {
		return nil, err
	}
	code, err := ask.line("Six digits of the authenticator: ")
	return &adminv1.SignInRequest{Realm: ways.GetRealm(), Proof: &adminv1.SignInRequest_Password{
		Password: &adminv1.Password{Name: name, Password: password, Code: code},
	}}, err
}

// namesOf lists realms for people.
func namesOf(list []*adminv1.ServedRealm) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = fmt.Sprintf("%06d %s", r.GetCode(), r.GetName())
	}
	return strings.Join(names, ", ")
}

func newLogout(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "logout --token-file FILE", Short: "End a session and remove its token", Args: cobra.NoArgs,
		Example: "  onedoor logout --token-file me.token",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		if _, err := client.SignOut(client.ctx, &adminv1.SignOutRequest{}); err != nil {
			return err
		}
		path := a.remote.tokenFile
		if path == "" {
			path = os.Getenv(envTokenFile)
		}
		if path != "" {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("signed out, but %w", err)
			}
		}
		return a.Print(map[string]string{"state": "signed out"}, func(w io.Writer) { fmt.Fprintln(w, "signed out") })
	})
	return a.reaching(c)
}

// prompt asks a person, or reads lines where there is none.
type prompt struct {
	a     *app
	lines *bufio.Reader
}

func (a *app) prompt() *prompt { return &prompt{a: a, lines: bufio.NewReader(a.In)} }

// terminal gives the descriptor of the terminal that is typed at; ok is false where there is none.
func (p *prompt) terminal() (fd int, ok bool) {
	f, isFile := p.a.In.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// secret asks for what is not to be seen.
func (p *prompt) secret(question string) (string, error) {
	fd, ok := p.terminal()
	if !ok {
		return p.line(question)
	}
	fmt.Fprint(p.a.Err, question)
	text, err := term.ReadPassword(fd)
	fmt.Fprintln(p.a.Err)
	if err != nil {
		return "", fmt.Errorf("read from the terminal: %w", err)
	}
	return string(text), nil
}

// newPassword asks twice on a terminal, where a slip is not seen.
func (p *prompt) newPassword() (string, error) {
	password, err := p.secret("New password: ")
	if err != nil {
		return "", err
	}
	if _, ok := p.terminal(); !ok {
		return password, nil
	}
	again, err := p.secret("The same again: ")
	if err == nil && again != password {
		err = errors.New("the two passwords differ: nothing was changed, run the command again")
	}
	return password, err
}

// line asks for a line.
func (p *prompt) line(question string) (string, error) {
	if _, ok := p.terminal(); ok {
		fmt.Fprint(p.a.Err, question)
	}
	text, err := p.lines.ReadString('\n')
	text = strings.TrimRight(text, "\r\n")
	if err != nil && (!errors.Is(err, io.EOF) || text == "") {
		return "", fmt.Errorf("read standard input: %w: give the password and the six digits, a line each", err)
	}
	return text, nil
}
