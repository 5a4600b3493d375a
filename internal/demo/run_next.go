package demo

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"onedoor/server"
	"onedoor/syncengine"
)

// keysFolder holds the keys of the phones' databases within the demo's folder, beside them and not in them, so that
// people can look into the phones of the day.
const keysFolder = "keys"

// ownPhoneFolder is where the suggestions put a phone of the reader's own.
const ownPhoneFolder = "my-phone"

// districtToken is where the suggestions put a token of the district's.
const districtToken = "district.token"

// writeKey writes a phone's key where its user finds it.
func (h *handset) writeKey(dir string) error {
	folder := filepath.Join(dir, keysFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(h.key) + "\n"
	return os.WriteFile(filepath.Join(folder, filepath.Base(h.dir)), []byte(text), 0o600)
}

// Commands are the paths by which a reader calls the two commands.
type Commands struct{ Onedoor, Phone string }

// TryNext tells what to do with the realm that is still served, as commands that work as they stand. It makes a join
// code for the grid worker in whose grid most conflicts wait.
func (d *Demo) TryNext(ctx context.Context, c Commands) (string, error) {
	phone, conflict := d.busiestWorker()
	worker := d.cast.Phones[phone].User
	code, err := d.joinCode(ctx, worker)
	if err != nil {
		return "", err
	}
	own := quoted(filepath.Join(d.options.Dir, ownPhoneFolder))
	realm, addr, there := quoted(d.realm.dir), d.realm.address(), d.whichServer()+"--data "+quoted(d.realm.dir)
	var b strings.Builder
	say := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	say("服务器仍在运行 · the server is still up: %s\n文件夹 · folder: %s\n", addr, d.options.Dir)
	d.sayConsole(say)
	say("用一台新手机加入,身份是 · join with a phone of your own, as %s:", d.cast.Users[worker])
	say("  %s --dir %s enrol --server %s --code %s", c.Phone, own, addr, code)
	say("  %s --dir %s sync", c.Phone, own)
	say("  %s --dir %s search %s", c.Phone, own, d.searchWord(phone))
	say("  %s --dir %s conflicts", c.Phone, own)
	if conflict != nil {
		say("  %s --dir %s why %s", c.Phone, own, conflict.at.id)
		say("  %s --dir %s restore %s --value 1", c.Phone, own, syncengine.ID(conflict.id))
	}
	say("  %s --dir %s sync", c.Phone, own)
	say("看一台演示手机 · look into a phone of the day:")
	say("  ONEDOOR_PHONE_KEY=$(cat %s) %s --dir %s status",
		quoted(filepath.Join(d.options.Dir, keysFolder, phoneName(phone))), c.Phone, quoted(filepath.Join(d.options.Dir, phonesFolder, phoneName(phone))))
	say("在服务器一侧 · at the server:")
	say("  %s conflicts %s", c.Onedoor, there)
	if conflict != nil {
		say("  %s explain %s %s", c.Onedoor, conflict.at.id, there)
	}
	say("  %s device list %s", c.Onedoor, there)
	say("  %s device code --user %s %s", c.Onedoor, d.names.users[worker], there)
	say("  %s verify --data %s", c.Onedoor, realm)
	d.sayReports(say, c)
	say("\n按 Ctrl-C 结束 · Ctrl-C ends the demo")
	return b.String(), nil
}

// sayReports tells how the district pulls figures of the day.
func (d *Demo) sayReports(say func(string, ...any), c Commands) {
	token, which := quoted(filepath.Join(d.options.Dir, districtToken)), d.whichServer()
	day := d.options.Date.In(streetZone).Format(time.DateOnly)
	for i, u := range d.cast.Users {
		if u.Role != RoleDistrict {
			continue
		}
		say("区级取报表 · the district pulls reports:")
		say("  %s token --user %s --out %s %s--data %s", c.Onedoor, d.names.users[i], token, which, quoted(d.realm.dir))
		say("  %s report coverage --territory %s --by community --from %s --to %s %s--token-file %s", c.Onedoor, streetCode, day, day, which, token)
		say("  %s report list %s--token-file %s", c.Onedoor, which, token)
		return
	}
}

// sayConsole tells where console and phones are, and how to sign in.
func (d *Demo) sayConsole(say func(string, ...any)) {
	if len(d.desks) == 0 {
		return
	}
	say("浏览器里的两部手机 · two phones in the browser: http://%s/phones", d.ConsoleAddr())
	say("控制台 · console: http://%s", d.ConsoleAddr())
	say("  登录:手机页下方选角色,或输入登录名、密码和验证码(验证器密钥如下)")
	say("  sign in: choose a role below the phones, or type name, password and code")
	say("  密码 · password: %s", deskPassword)
	say("  登录名、验证器密钥 · names, and keys for an authenticator:")
	for _, desk := range d.desks {
		say("    %-16s %s  %s", desk.Name, desk.Secret, desk.User)
	}
	say("")
}

// whichServer is the flag that names the server. Commands look for one at its usual address by themselves, unless the reader's
// environment names another.
func (d *Demo) whichServer() string {
	if addr := d.realm.address(); addr != server.ListenDefault || os.Getenv("ONEDOOR_SERVER") != "" {
		return "--server " + addr + " "
	}
	return ""
}

// quoted makes a path one word of a command line where it is not.
func quoted(path string) string {
	if strings.ContainsAny(path, " '\"$`\\*?[]();&|<>") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// busiestWorker is the phone of the grid worker who sees most conflicts, and one of them between two values.
func (d *Demo) busiestWorker() (busiest PhoneIndex, example *demandedConflict) {
	most := -1
	for i, phone := range d.cast.Phones {
		if d.cast.Users[phone.User].Role != RoleGridWorker {
			continue
		}
		r := d.prediction.readerOf(PhoneIndex(i))
		seen, contested := 0, (*demandedConflict)(nil)
		for k := range d.demanded {
			c := &d.demanded[k]
			if !r.sees(c.at) || !r.classes(c.at.kind).Has(c.class) {
				continue
			}
			if seen++; c.kind == openContested && fieldOf(c.at.kind, c.key.Field).name == FieldHeadcount {
				contested = c
			}
		}
		if seen > most {
			most, busiest, example = seen, PhoneIndex(i), contested
		}
	}
	return busiest, example
}

// searchWord is a word that the phone's user finds something by: the community.
func (d *Demo) searchWord(phone PhoneIndex) string {
	area := d.cast.UserOf(phone).Areas[0]
	for _, t := range d.street.Territories {
		if t.Level == LevelCommunity && t.Code.Contains(area) {
			return strings.TrimSuffix(shortCommunity(t.Name), "社区")
		}
	}
	return ""
}
