package mail

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/tripgen/tripgen/internal/lang"
)

var confirm = texts{
	lang.Korean: template.Must(template.New("ko").Parse(`{{.Name}} 님, 안녕하세요.

TripGen에서 이 이메일 주소를 확인하려고 합니다. 앱에 아래 코드를 입력해 주세요.

    {{.Code}}

코드는 24시간 동안 한 번만 쓸 수 있습니다. 직접 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.

TripGen 드림
`)),
	lang.English: template.Must(template.New("en").Parse(`Hello {{.Name}},

TripGen would like to confirm this e-mail address. Please enter this code in the app:

    {{.Code}}

The code works once, within 24 hours. If you did not ask for it, you can ignore this mail.

TripGen
`)),
}

// texts are the same mail in each language.
type texts map[lang.Lang]*template.Template

func textsOf(ko, en string) texts {
	return texts{
		lang.Korean: template.Must(template.New("ko").Parse(ko)), lang.English: template.Must(template.New("en").Parse(en)),
	}
}

var deleted = textsOf(`{{.Name}} 님, 안녕하세요.

TripGen 계정과 저장된 모든 정보가 삭제되었습니다. 아래 번호로 삭제 내역을 확인할 수 있습니다.

    {{.Code}}

이용해 주셔서 감사합니다.

TripGen 드림
`, `Hello {{.Name}},

Your TripGen account and all that was stored for it has been deleted. With this number you can see what was removed:

    {{.Code}}

Thank you for having travelled with us.

TripGen
`)

var undone = textsOf(`{{.Name}} 님, 안녕하세요.

요청하신 계정 삭제({{.Code}})를 진행할 수 없어 취소되었습니다. 삭제된 정보는 없으며, 다시 로그인하여 이용하거나 삭제를 다시 요청할 수 있습니다.

TripGen 드림
`, `Hello {{.Name}},

The deletion of your account ({{.Code}}) could not be done and was undone. Nothing was removed. You can log in again, and
ask for the deletion again.

TripGen
`)

// mails are what each kind of mail says.
var mails = map[Kind]struct {
	subject lang.Text
	words   texts
}{
	ConfirmAddress: {lang.Text{Ko: "[TripGen] 이메일 주소를 확인해 주세요", En: "[TripGen] Please confirm your e-mail address"}, confirm},
	AccountDeleted: {lang.Text{Ko: "[TripGen] 계정이 삭제되었습니다", En: "[TripGen] Your account has been deleted"}, deleted},
	DeletionUndone: {lang.Text{Ko: "[TripGen] 계정 삭제가 취소되었습니다", En: "[TripGen] Your account was not deleted"}, undone},
}

// Words puts a message into the language of the person.
func Words(m Message) (Mail, error) {
	what, ok := mails[m.Kind]
	if !ok {
		return Mail{}, fmt.Errorf("there is no mail of the kind %q", m.Kind)
	}
	words, ok := what.words[m.Language]
	if !ok {
		words = what.words[lang.Default]
	}
	var text strings.Builder
	if err := words.Execute(&text, m); err != nil {
		return Mail{}, err
	}
	return Mail{To: m.To, Subject: what.subject.In(m.Language), Text: text.String()}, nil
}
