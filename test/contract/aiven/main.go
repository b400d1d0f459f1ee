// Command aiven asks the lab's stand-in for Aiven's API all that the ferry asks, and more, by Aiven's own client, which is
// unchanged: what that does not understand, or gets otherwise than from Aiven, ends this program with a sentence.
//
// It reads AIVEN_WEB_URL and AIVEN_TOKEN, as the client does, and FERRY_READ_ONLY_TOKEN.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	aiven "github.com/aiven/go-client-codegen"
	"github.com/aiven/go-client-codegen/handler/kafka"
	"github.com/aiven/go-client-codegen/handler/kafkaschemaregistry"
	"github.com/aiven/go-client-codegen/handler/kafkatopic"
	"github.com/aiven/go-client-codegen/handler/service"
)

const (
	project = "lab"
	name    = "kafka-lab"
	topic   = "contract.orders"
)

func main() {
	client, err := aiven.NewClient(aiven.UserAgentOpt("kafka-ferry-contract"))
	must("the client", err)
	ctx := context.Background()
	services(ctx, client)
	topics(ctx, client)
	ownAcls(ctx, client)
	nativeAcls(ctx, client)
	registryAcls(ctx, client)
	users(ctx, client)
	refusals(ctx, client)
	fmt.Println("held")
}

func services(ctx context.Context, client aiven.Client) {
	found, err := client.ServiceGet(ctx, project, name)
	must("ServiceGet", err)
	insist(found.State == service.ServiceStateTypeRunning, "the service runs, not %s", found.State)
	insist(found.ServiceType == "kafka", "it is a Kafka service, not %s", found.ServiceType)
	insist(len(found.Users) > 0, "it has users")
	insist(slices.ContainsFunc(found.Components, func(one service.ComponentOut) bool {
		return one.Component == "kafka" && one.Port > 0
	}), "it says where its brokers are")

	off, on := false, true
	changed, err := client.ServiceUpdate(ctx, project, name, &service.ServiceUpdateIn{Powered: &off})
	must("ServiceUpdate", err)
	insist(changed.State == service.ServiceStateTypePoweroff, "it can be powered off")
	_, err = client.ServiceUpdate(ctx, project, name, &service.ServiceUpdateIn{Powered: &on})
	must("ServiceUpdate", err)
}

func topics(ctx context.Context, client aiven.Client) {
	partitions, replication, retention := 3, 1, 86_400_000
	wanted := &kafkatopic.ServiceKafkaTopicCreateIn{
		TopicName:   topic,
		Partitions:  &partitions,
		Replication: &replication,
		Config: &kafkatopic.ConfigIn{
			RetentionMs:   &retention,
			CleanupPolicy: kafkatopic.CleanupPolicyTypeCompactDelete,
		},
	}
	before, err := client.ServiceKafkaTopicList(ctx, project, name)
	must("ServiceKafkaTopicList", err)
	must("ServiceKafkaTopicCreate", client.ServiceKafkaTopicCreate(ctx, project, name, wanted))

	err = client.ServiceKafkaTopicCreate(ctx, project, name, wanted)
	insist(aiven.IsAlreadyExists(err), "a topic that is there is said to exist already: %v", err)

	found, err := client.ServiceKafkaTopicGet(ctx, project, name, topic)
	must("ServiceKafkaTopicGet", err)
	insist(len(found.Partitions) == partitions, "it has %d partitions", len(found.Partitions))
	insist(found.Replication == replication, "it has replication %d", found.Replication)
	insist(found.Config.RetentionMs != nil && found.Config.RetentionMs.Value == retention, "it has its retention")
	insist(found.CleanupPolicy == "compact,delete", "it has its policy, not %s", found.CleanupPolicy)
	insist(found.State == kafkatopic.TopicStateTypeActive, "it is active")

	after, err := client.ServiceKafkaTopicList(ctx, project, name)
	must("ServiceKafkaTopicList", err)
	insist(len(after) == len(before), "the list is late: it had %d and has %d topics", len(before), len(after))

	several, err := client.ServiceKafkaTopicListV2(ctx, project, name,
		&kafkatopic.ServiceKafkaTopicListV2In{TopicNames: []string{topic}})
	must("ServiceKafkaTopicListV2", err)
	insist(len(several) == 1 && several[0].TopicName == topic, "one of several is found")
	_, err = client.ServiceKafkaTopicListV2(ctx, project, name,
		&kafkatopic.ServiceKafkaTopicListV2In{TopicNames: []string{topic, "contract.nowhere"}})
	insist(aiven.IsNotFound(err), "one unknown name is the end of all: %v", err)

	must("ServiceKafkaTopicDelete", client.ServiceKafkaTopicDelete(ctx, project, name, topic))
	going, err := client.ServiceKafkaTopicGet(ctx, project, name, topic)
	must("ServiceKafkaTopicGet", err)
	insist(going.State == kafkatopic.TopicStateTypeDeleting, "it is being deleted, not %s", going.State)
	err = client.ServiceKafkaTopicCreate(ctx, project, name, wanted)
	insist(aiven.IsAlreadyExists(err), "it is in the way of another one meanwhile: %v", err)
}

func ownAcls(ctx context.Context, client aiven.Client) {
	before, err := client.ServiceKafkaAclList(ctx, project, name)
	must("ServiceKafkaAclList", err)
	entry := &kafka.ServiceKafkaAclAddIn{
		Permission: kafka.PermissionTypeReadwrite, Topic: "contract.*", Username: "billing",
	}
	for range 2 {
		added, err := client.ServiceKafkaAclAdd(ctx, project, name, entry)
		must("ServiceKafkaAclAdd", err)
		insist(len(added) > len(before), "the whole list is answered")
	}
	both, err := client.ServiceKafkaNativeAclList(ctx, project, name)
	must("ServiceKafkaNativeAclList", err)
	insist(len(both.Acl) == len(before)+2, "the same entry is taken twice: %d and %d", len(before), len(both.Acl))
	for _, one := range both.Acl[len(before):] {
		_, err := client.ServiceKafkaAclDelete(ctx, project, name, *one.Id)
		must("ServiceKafkaAclDelete", err)
	}
	_, err = client.ServiceKafkaAclDelete(ctx, project, name, *both.Acl[len(before)].Id)
	insist(aiven.IsNotFound(err), "an entry that is gone is not found: %v", err)
}

func nativeAcls(ctx context.Context, client aiven.Client) {
	wanted := &kafka.ServiceKafkaNativeAclAddIn{
		Operation:      kafka.OperationTypeWrite,
		PatternType:    kafka.PatternTypeLiteral,
		PermissionType: kafka.ServiceKafkaNativeAclPermissionTypeDeny,
		Principal:      "User:billing",
		ResourceName:   "contract.orders",
		ResourceType:   kafka.ResourceTypeTopic,
	}
	added, err := client.ServiceKafkaNativeAclAdd(ctx, project, name, wanted)
	must("ServiceKafkaNativeAclAdd", err)
	insist(added.Host == "*", "every host is meant where none is said, not %s", added.Host)
	_, err = client.ServiceKafkaNativeAclAdd(ctx, project, name, wanted)
	insist(statusOf(err) == http.StatusConflict, "the same entry is not taken twice: %v", err)
	found, err := client.ServiceKafkaNativeAclGet(ctx, project, name, added.Id)
	must("ServiceKafkaNativeAclGet", err)
	insist(found.Principal == "User:billing", "it is found by its id")
	must("ServiceKafkaNativeAclDelete", client.ServiceKafkaNativeAclDelete(ctx, project, name, added.Id))
	_, err = client.ServiceKafkaNativeAclGet(ctx, project, name, added.Id)
	insist(aiven.IsNotFound(err), "it is gone: %v", err)
}

func registryAcls(ctx context.Context, client aiven.Client) {
	before, err := client.ServiceSchemaRegistryAclList(ctx, project, name)
	must("ServiceSchemaRegistryAclList", err)
	added, err := client.ServiceSchemaRegistryAclAdd(ctx, project, name, &kafkaschemaregistry.ServiceSchemaRegistryAclAddIn{
		Permission: kafkaschemaregistry.PermissionTypeSchemaRegistryRead,
		Resource:   "Subject:contract.orders-value",
		Username:   "billing",
	})
	must("ServiceSchemaRegistryAclAdd", err)
	insist(len(added) == len(before)+1, "the whole list is answered")
	one := added[len(before)]
	insist(one.Resource == "Subject:contract.orders-value" && one.Username == "billing", "it is as it was asked for")
	_, err = client.ServiceSchemaRegistryAclDelete(ctx, project, name, *one.Id)
	must("ServiceSchemaRegistryAclDelete", err)
	after, err := client.ServiceSchemaRegistryAclList(ctx, project, name)
	must("ServiceSchemaRegistryAclList", err)
	insist(len(after) == len(before), "it is gone")
	_, err = client.ServiceSchemaRegistryAclDelete(ctx, project, name, *one.Id)
	insist(aiven.IsNotFound(err), "an entry that is gone is not found: %v", err)
}

func users(ctx context.Context, client aiven.Client) {
	made, err := client.ServiceUserCreate(ctx, project, name, &service.ServiceUserCreateIn{Username: "contract"})
	must("ServiceUserCreate", err)
	insist(made.Username == "contract" && made.Password == "", "the password is late")
	found, err := client.ServiceUserGet(ctx, project, name, "contract")
	must("ServiceUserGet", err)
	insist(found.Password != "", "the password is there at the second look")
	must("ServiceUserDelete", client.ServiceUserDelete(ctx, project, name, "contract"))
	_, err = client.ServiceUserGet(ctx, project, name, "contract")
	insist(aiven.IsNotFound(err), "the user is gone: %v", err)
}

func refusals(ctx context.Context, client aiven.Client) {
	_, err := client.ServiceGet(ctx, project, "nowhere")
	insist(aiven.IsNotFound(err), "there is one service: %v", err)
	_, err = client.ServiceGet(ctx, "elsewhere", name)
	insist(statusOf(err) == http.StatusForbidden, "there is one project: %v", err)

	wrong, err := aiven.NewClient(aiven.TokenOpt("wrong"))
	must("the client", err)
	_, err = wrong.ServiceGet(ctx, project, name)
	insist(statusOf(err) == http.StatusUnauthorized, "a wrong token is refused: %v", err)

	looking, err := aiven.NewClient(aiven.TokenOpt(os.Getenv("FERRY_READ_ONLY_TOKEN")))
	must("the client", err)
	_, err = looking.ServiceKafkaNativeAclList(ctx, project, name)
	must("ServiceKafkaNativeAclList", err)
	err = looking.ServiceKafkaTopicDelete(ctx, project, name, topic)
	insist(statusOf(err) == http.StatusForbidden, "who may look may change nothing: %v", err)
}

func statusOf(err error) int {
	var refused aiven.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

func must(what string, err error) {
	insist(err == nil, "%s: %v", what, err)
}

func insist(holds bool, format string, values ...any) {
	if holds {
		return
	}
	fmt.Fprintf(os.Stderr, "Not so: "+format+"\n", values...)
	os.Exit(1)
}
