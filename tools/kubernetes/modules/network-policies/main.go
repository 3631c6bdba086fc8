// Answers which pods and addresses reach each other, by the evaluator of sigs.k8s.io/kube-network-policies.
//
// Each line of standard input is a cluster: its policies and namespaces as the API server shows them, the addresses
// that are asked for, those of them that are pods', and ports. The line that answers it says for each pair of addresses,
// in their order, which ports are open: "101".
package main

import (
	"context"
	"encoding/json"
	"log"
	"net"
	"os"
	"time"
	_ "unsafe" // for go:linkname

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

type cluster struct {
	Policies   []*networkingv1.NetworkPolicy
	Namespaces []*corev1.Namespace
	Pods       []*corev1.Pod
	Addresses  []string
	Ports      []struct {
		Protocol corev1.Protocol
		Number   int
	}
}

// What it takes for a packet: pkg/networkpolicy/packet.go of the version in go.mod. It exports no way to ask it but
// by the kernel.
type packet struct {
	id      uint32
	family  corev1.IPFamily
	srcIP   net.IP
	dstIP   net.IP
	proto   corev1.Protocol
	srcPort int
	dstPort int
	payload []byte
}

//go:linkname evaluatePacket sigs.k8s.io/kube-network-policies/pkg/networkpolicy.(*Controller).evaluatePacket
func evaluatePacket(c *networkpolicy.Controller, ctx context.Context, p packet) bool

const clientPort = 40000

func main() {
	// It is never called: what an API server would say is put where it would be kept.
	client := kubernetes.NewForConfigOrDie(&rest.Config{Host: "http://127.0.0.1:1"})
	factory := informers.NewSharedInformerFactory(client, time.Hour)
	policies := factory.Networking().V1().NetworkPolicies()
	namespaces, pods, nodes := factory.Core().V1().Namespaces(), factory.Core().V1().Pods(), factory.Core().V1().Nodes()
	controller, err := networkpolicy.NewController(
		client, policies, namespaces, pods, nodes, nil, nil, nil, networkpolicy.Config{NodeName: "node"},
	)
	if err != nil {
		log.Fatal(err)
	}
	lines, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	lines.DisallowUnknownFields()
	for lines.More() {
		var asked cluster
		if err := lines.Decode(&asked); err != nil {
			log.Fatal(err)
		}
		hold(policies.Informer().GetStore(), asked.Policies)
		hold(namespaces.Informer().GetStore(), asked.Namespaces)
		hold(pods.Informer().GetStore(), asked.Pods)
		if err := answers.Encode(open(controller, asked)); err != nil {
			log.Fatal(err)
		}
	}
}

func hold[T metav1.Object](store cache.Store, objects []T) {
	held := make([]any, 0, len(objects))
	for _, each := range objects {
		held = append(held, each)
	}
	if err := store.Replace(held, ""); err != nil {
		log.Fatal(err)
	}
}

func open(controller *networkpolicy.Controller, asked cluster) [][]string {
	found := [][]string{}
	for _, source := range asked.Addresses {
		row := []string{}
		for _, destination := range asked.Addresses {
			bits := []byte{}
			for _, port := range asked.Ports {
				sent := packet{
					srcIP: net.ParseIP(source), dstIP: net.ParseIP(destination),
					proto: port.Protocol, srcPort: clientPort, dstPort: port.Number,
				}
				bit := byte('0')
				if evaluatePacket(controller, context.Background(), sent) {
					bit = '1'
				}
				bits = append(bits, bit)
			}
			row = append(row, string(bits))
		}
		found = append(found, row)
	}
	return found
}
