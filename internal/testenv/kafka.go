package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"
	"github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

// kafkaSettings are those of a broker that is its own controller, with all that waits for other members turned off.
const kafkaSettings = `
node.id=1
process.roles=broker,controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.bootstrap.servers=%[2]s
log.dirs=%[3]s
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.coordinator.append.linger.ms=0
`

// jvm keeps the broker small and quick to start: it serves a few tests, not traffic.
var jvm = []string{"-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"}

// broker is a Kafka broker with its folder, which it is started on again and again.
type broker struct {
	dir, java, libs, settings, address string
	formatted                          bool
}

func newKafka(dir, libs string) (*broker, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("no Java is installed: on Debian and Ubuntu run `sudo apt-get install default-jdk-headless`: %w", err)
	}
	if jars, err := filepath.Glob(filepath.Join(libs, "kafka_*.jar")); err != nil || len(jars) == 0 {
		return nil, fmt.Errorf("no Apache Kafka in %s: run `make tools`", libs)
	}
	b := &broker{dir: dir, java: java, libs: libs}
	b.address, b.settings, err = writeKafkaSettings(dir)
	return b, err
}

func (b *broker) command(main string, args ...string) process.Command {
	return process.Command{
		Name:    "Kafka",
		Path:    b.java,
		Args:    append(append(append([]string{}, jvm...), "-cp", filepath.Join(b.libs, "*"), main), args...),
		LogFile: filepath.Join(b.dir, "kafka.log"),
		// Its state is thrown away: there is nothing that a slower, orderly stop would save.
		StopSignal: syscall.SIGKILL,
	}
}

func (b *broker) start(ctx context.Context) (*process.Process, error) {
	if !b.formatted {
		id := strings.ReplaceAll(uuid.NewString(), "-", "")[:22]
		format := b.command("kafka.tools.StorageTool", "format", "--standalone", "-t", id, "-c", b.settings)
		if err := process.Complete(ctx, format); err != nil {
			return nil, fmt.Errorf("format Kafka's folder: %w", err)
		}
		b.formatted = true
	}
	server, err := process.Start(b.command("kafka.Kafka", b.settings))
	if err != nil {
		return nil, err
	}
	if err := server.Await(ctx, func(ctx context.Context) error { return kafkaAnswers(ctx, b.address) }); err != nil {
		return nil, errors.Join(err, server.Close(context.WithoutCancel(ctx)))
	}
	return server, nil
}

// writeKafkaSettings chooses the ports and writes the broker's configuration file.
func writeKafkaSettings(dir string) (broker, path string, err error) {
	var ports [2]int
	for i := range ports {
		if ports[i], err = local.FreePort(); err != nil {
			return "", "", err
		}
	}
	broker = local.Address(ports[0])
	path = filepath.Join(dir, "kafka.properties")
	text := fmt.Sprintf(kafkaSettings, broker, local.Address(ports[1]), filepath.Join(dir, "kafka"))
	return broker, path, os.WriteFile(path, []byte(text), 0o600)
}

// kafkaAnswers is nil once the broker is registered, and once it coordinates groups: it is asked for that here, since
// it starts to only at the first question, and tells everyone to come again until it has.
func kafkaAnswers(ctx context.Context, broker string) error {
	conn, err := kafka.DialContext(ctx, "tcp", broker)
	if err != nil {
		return err
	}
	defer conn.Close()
	brokers, err := conn.Brokers()
	if err != nil {
		return err
	}
	if len(brokers) == 0 {
		return errors.New("no broker is registered yet")
	}
	transport := new(kafka.Transport)
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(broker), Transport: transport}
	found, err := client.FindCoordinator(ctx, &kafka.FindCoordinatorRequest{Key: "ready", KeyType: kafka.CoordinatorKeyTypeConsumer})
	if err != nil {
		return err
	}
	if found.Error != nil {
		return found.Error
	}
	offsets, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: "ready"})
	if err != nil {
		return err
	}
	return offsets.Error
}
