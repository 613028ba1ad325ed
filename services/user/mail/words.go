package mail

import (
	"strings"
	"text/template"

	"github.com/tripgen/tripgen/internal/lang"
)

var confirm = map[lang.Lang]*template.Template{
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

var confirmSubject = lang.Text{Ko: "[TripGen] 이메일 주소를 확인해 주세요", En: "[TripGen] Please confirm your e-mail address"}

// Words puts a message into the language of the person.
func Words(m Message) (Mail, error) {
	words, ok := confirm[m.Language]
	if !ok {
		words = confirm[lang.Default]
	}
	var text strings.Builder
	if err := words.Execute(&text, m); err != nil {
		return Mail{}, err
	}
	return Mail{To: m.To, Subject: confirmSubject.In(m.Language), Text: text.String()}, nil
}
