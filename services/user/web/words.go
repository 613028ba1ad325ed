package web

import (
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// words are the texts of the pages in one language.
type words struct {
	LogIn, LogInTo, LoginID, Password     string
	Allow, Refuse, Continue, Switch       string
	Asks, AsksFor, ContinueAs, SignedInAs string
	ErrorTitle, ErrorText, ErrorClose     string
	SameApp                               string
}

var korean = words{
	LogIn: "로그인", LogInTo: "계속하려면 로그인해 주세요.", LoginID: "아이디", Password: "비밀번호",
	Allow: "허용", Refuse: "거부", Continue: "계속", Switch: "다른 계정으로 로그인",
	Asks: "앱이 접근 권한을 요청합니다", AsksFor: "허용하면 이 앱이 다음을 할 수 있습니다.", ContinueAs: "계속하시겠습니까?",
	SignedInAs: "로그인한 계정", ErrorTitle: "요청을 처리할 수 없습니다", ErrorText: "앱이 보낸 로그인 요청이 올바르지 않습니다.",
	ErrorClose: "이 창을 닫고 앱에서 다시 시도해 주세요.",
	SameApp:    "직접 로그인을 시작하지 않았다면 거부해 주세요.",
}

var english = words{
	LogIn: "Log in", LogInTo: "Please log in to continue.", LoginID: "Log-in id", Password: "Password",
	Allow: "Allow", Refuse: "Refuse", Continue: "Continue", Switch: "Log in as somebody else",
	Asks: "An app asks for access", AsksFor: "If you allow it, this app can:", ContinueAs: "Do you want to continue?",
	SignedInAs: "Logged in as", ErrorTitle: "This request cannot be handled", ErrorText: "The app has sent a log-in request that is not right.",
	ErrorClose: "Please close this window and try again in the app.",
	SameApp:    "If you did not start this log-in yourself, please refuse.",
}

func wordsIn(l lang.Lang) words {
	if l == lang.English {
		return english
	}
	return korean
}

// scopeText says what a scope lets an app do; empty where there is nothing to say.
func scopeText(scope string) lang.Text {
	return map[string]lang.Text{
		oauth.ScopeAccount:     {Ko: "계정 정보를 보고 수정하기", En: "See and change your account"},
		oauth.ScopeTripsRead:   {Ko: "여행을 보기", En: "See your trips"},
		oauth.ScopeTripsWrite:  {Ko: "여행을 만들고 수정하기", En: "Make and change your trips"},
		oauth.ScopeGenerations: {Ko: "일정을 생성하기", En: "Have itineraries made"},
		oauth.ScopePlacesRead:  {Ko: "장소를 검색하기", En: "Search for places"},
		oauth.ScopeWebhooks:    {Ko: "여행의 변경 알림 받기", En: "Be told of changes to your trips"},
		oauth.ScopeUsageRead:   {Ko: "사용량을 보기", En: "See usage"},
		oauth.ScopeOpenID:      {Ko: "내가 누구인지 알기", En: "Know who you are"},
		oauth.ScopeOffline:     {Ko: "내가 없을 때에도 접근하기", En: "Have access while you are away"},
	}[scope]
}
