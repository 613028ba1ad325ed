package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tripgen/tripgen/cmd/tripgen/terminal"
	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// planCmd is the traveller's client in the terminal, over the Go SDK and nothing else.
type planCmd struct {
	URL      string   `help:"The gateway's address." default:"http://127.0.0.1:8080" env:"TRIPGEN_URL"`
	Stay     []string `help:"Where and how many nights, as CITY:NIGHTS; repeat for several." default:"Munich:3" placeholder:"CITY:NIGHTS" sep:"none"`
	Member   []string `help:"Who travels, as NAME,AGE,GENDER,HEALTH[,LIKE+LIKE…]; repeat for each. GENDER: female, male, other. HEALTH: excellent, good, caution, limited. LIKE: sightseeing, shopping, culture, nature, sports, rest." placeholder:"NAME,AGE,…" sep:"none"`
	Name     string   `help:"The trip's name, up to 16 characters." placeholder:"NAME"`
	Start    string   `help:"First day, as YYYY-MM-DD; default in a week." placeholder:"DATE"`
	Mode     string   `help:"How the group gets about." enum:"public-transport,car" default:"public-transport"`
	DayStart string   `help:"When days start, on a 10-minute grid." default:"09:00"`
	Request  string   `help:"Wishes in your own words, up to 500 characters."`
	LoginID  string   `name:"login-id" help:"Log in as this traveller; without it a new one signs up." env:"TRIPGEN_LOGIN_ID"`
	Password string   `help:"The traveller's password." env:"TRIPGEN_PASSWORD"`
	Lang     string   `help:"Language of the texts." enum:"en,ko" default:"en"`
	Explain  bool     `help:"Add the quality report: score, bound, travel share, each member's fit."`
	JSON     bool     `help:"Print the itinerary as JSON instead of a timetable."`
}

// defaultMembers are four people of different health and tastes.
var defaultMembers = []string{
	"Jiwoo,38,female,good,culture+sightseeing",
	"Minjun,41,male,excellent,nature+sports",
	"Seoyeon,9,female,good,nature+shopping",
	"Youngja,72,female,caution,culture+rest",
}

// Run plans a trip and prints it.
func (p *planCmd) Run(ctx context.Context) error {
	return p.run(ctx, os.Stdout)
}

func (p *planCmd) run(ctx context.Context, out io.Writer) error {
	request, err := p.createTripRequest(time.Now())
	if err != nil {
		return err
	}
	dayStart, err := parseTimeOfDay(p.DayStart)
	if err != nil {
		return fmt.Errorf("--day-start: %w", err)
	}
	screen := terminal.NewScreen(out, p.Lang)
	if p.JSON {
		screen = terminal.NewScreen(io.Discard, p.Lang)
	}
	client, err := p.logIn(ctx, screen)
	if err != nil {
		return plain(err)
	}
	created, err := client.Trips.CreateTrip(ctx, request)
	if err != nil {
		return plain(err)
	}
	trip := created.GetTrip()
	screen.Line("%s", tripLine(trip))
	itinerary, err := p.generate(ctx, client, screen, trip, dayStart)
	if err != nil {
		return plain(err)
	}
	if p.JSON {
		_, err := fmt.Fprintln(out, protojson.Format(itinerary))
		return err
	}
	terminal.Timetable(screen, itinerary, p.Explain)
	return nil
}

// generate shows a generation's progress and returns what came of it.
func (p *planCmd) generate(ctx context.Context, client *tripgen.Client, screen *terminal.Screen, trip *tripv1.Trip, dayStart *typev1.TimeOfDay) (*typev1.Itinerary, error) {
	started := time.Now()
	generation, err := client.Generate(ctx, &tripv1.GenerateItineraryRequest{
		TripId:         trip.GetId(),
		Revision:       trip.GetRevision(),
		DayStart:       dayStart,
		SpecialRequest: p.Request,
	})
	if err != nil {
		return nil, err
	}
	screen.Line("%s", generation.ID())
	progress := terminal.NewProgress(screen, time.Now)
	for event, err := range generation.Events(ctx) {
		if err != nil {
			return nil, err
		}
		progress.Show(event.GenerationEvent)
	}
	took := time.Since(started)
	itinerary, err := generation.Wait(ctx)
	if err != nil {
		return nil, err
	}
	screen.Line("itinerary version %d ready after %.1f s", itinerary.GetVersion(), took.Seconds())
	return itinerary, nil
}

const (
	cliClientID    = "tripgen-cli"
	cliRedirectURI = "http://127.0.0.1/callback"
)

// logIn gives a client that acts for a traveller: the one named by the flags, or a new one.
func (p *planCmd) logIn(ctx context.Context, screen *terminal.Screen) (*tripgen.Client, error) {
	anonymous, err := tripgen.New(p.URL, tripgen.WithLanguage(p.Lang))
	if err != nil {
		return nil, err
	}
	if p.LoginID == "" {
		p.LoginID = "demo" + strings.ToLower(rand.Text()[:10])
		p.Password = rand.Text() + "-7a"
		if _, err := anonymous.Account.SignUp(ctx, &userv1.SignUpRequest{
			Name:     "Demo Traveller",
			Email:    p.LoginID + "@traveller.example",
			Phone:    "+82 10-0000-0000",
			LoginId:  p.LoginID,
			Password: p.Password,
			Terms:    &userv1.TermsConsent{Version: "2026-01-01", Accepted: true},
		}); err != nil {
			return nil, err
		}
		screen.Line("signed up as %s", p.LoginID)
	}
	tokens, err := anonymous.LogIn(ctx, tripgen.LogInParams{
		LoginID: p.LoginID, Password: p.Password,
		ClientID: cliClientID, RedirectURI: cliRedirectURI, DeviceName: "tripgen plan",
	})
	if err != nil {
		return nil, err
	}
	screen.Line("logged in as %s", p.LoginID)
	return tripgen.New(p.URL, tripgen.WithLanguage(p.Lang), tripgen.WithTokenSource(oauth2.ReuseTokenSource(nil, tokens)))
}

func (p *planCmd) createTripRequest(now time.Time) (*tripv1.CreateTripRequest, error) {
	request := &tripv1.CreateTripRequest{Name: p.Name, TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT}
	if p.Mode == "car" {
		request.TransportMode = typev1.TransportMode_TRANSPORT_MODE_CAR
	}
	start := now.AddDate(0, 0, 7)
	if p.Start != "" {
		var err error
		if start, err = time.Parse(time.DateOnly, p.Start); err != nil {
			return nil, fmt.Errorf("--start %q: want YYYY-MM-DD", p.Start)
		}
	}
	request.StartDate = &typev1.Date{Year: int32(start.Year()), Month: int32(start.Month()), Day: int32(start.Day())}
	for _, stay := range p.Stay {
		destination, err := parseStay(stay)
		if err != nil {
			return nil, err
		}
		request.Destinations = append(request.Destinations, destination)
	}
	if request.GetName() == "" {
		request.Name = cutTo(request.GetDestinations()[0].GetName(), 16)
	}
	members := p.Member
	if len(members) == 0 {
		members = defaultMembers
	}
	for _, text := range members {
		member, err := parseMember(text)
		if err != nil {
			return nil, err
		}
		request.Members = append(request.Members, member)
	}
	return request, nil
}

func parseStay(text string) (*tripv1.Destination, error) {
	name, nights, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(nights)
	if err != nil || name == "" {
		return nil, fmt.Errorf("--stay %q: want CITY:NIGHTS, for example Munich:3", text)
	}
	return &tripv1.Destination{Name: name, Nights: int32(n)}, nil
}

func parseMember(text string) (*tripv1.Member, error) {
	fields := strings.Split(text, ",")
	if len(fields) != 4 && len(fields) != 5 {
		return nil, fmt.Errorf("--member %q: want NAME,AGE,GENDER,HEALTH[,LIKE+LIKE…]", text)
	}
	age, err := strconv.Atoi(strings.TrimSpace(fields[1]))
	if err != nil {
		return nil, fmt.Errorf("--member %q: the age %q is not a number", text, fields[1])
	}
	gender, okGender := typev1.Gender_value["GENDER_"+enumName(fields[2])]
	health, okHealth := typev1.HealthLevel_value["HEALTH_LEVEL_"+enumName(fields[3])]
	if !okGender || !okHealth {
		return nil, fmt.Errorf("--member %q: want a gender of female, male, other and a health of excellent, good, caution, limited", text)
	}
	member := &tripv1.Member{Name: fields[0], Age: int32(age), Gender: typev1.Gender(gender), Health: typev1.HealthLevel(health)}
	if len(fields) == 5 {
		for like := range strings.SplitSeq(fields[4], "+") {
			preference, ok := typev1.Preference_value["PREFERENCE_"+enumName(like)]
			if !ok {
				return nil, fmt.Errorf("--member %q: %q is none of sightseeing, shopping, culture, nature, sports, rest", text, like)
			}
			member.Preferences = append(member.Preferences, typev1.Preference(preference))
		}
	}
	return member, nil
}

func enumName(text string) string { return strings.ToUpper(strings.TrimSpace(text)) }

func parseTimeOfDay(text string) (*typev1.TimeOfDay, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return nil, fmt.Errorf("%q: want HH:MM", text)
	}
	return &typev1.TimeOfDay{Minutes: int32(t.Hour()*60 + t.Minute())}, nil
}

func cutTo(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), n)])
}

func tripLine(trip *tripv1.Trip) string {
	names := make([]string, len(trip.GetDestinations()))
	for i, d := range trip.GetDestinations() {
		names[i] = fmt.Sprintf("%s (%d nights)", d.GetName(), d.GetNights())
	}
	start, end := trip.GetStartDate(), trip.GetEndDate()
	return fmt.Sprintf("%s: %s, %04d-%02d-%02d to %04d-%02d-%02d, %d people", trip.GetId(), strings.Join(names, ", "),
		start.GetYear(), start.GetMonth(), start.GetDay(), end.GetYear(), end.GetMonth(), end.GetDay(), len(trip.GetMembers()))
}

// plain makes a refusal readable: its reason, message and fields instead of the protocol's wrapping.
func plain(err error) error {
	if refusal, ok := tripgen.AsError(err); ok {
		return refusal
	}
	return err
}
