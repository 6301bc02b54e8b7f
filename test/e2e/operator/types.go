// Gadgets in two versions: v1 is the hub and stored, v1beta1 says the size in one text, which a webhook converts.
package main

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/conversion"
)

var (
	v1      = schema.GroupVersion{Group: "operator.berth.example", Version: "v1"}
	v1beta1 = schema.GroupVersion{Group: "operator.berth.example", Version: "v1beta1"}
)

type GadgetSpec struct {
	Width  int32  `json:"width"`
	Height int32  `json:"height"`
	Colour string `json:"colour,omitempty"`
}

type GadgetStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type Gadget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              GadgetSpec   `json:"spec"`
	Status            GadgetStatus `json:"status,omitempty"`
}

type GadgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Gadget `json:"items"`
}

// OldGadget is a Gadget of v1beta1.
type OldGadget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              OldGadgetSpec `json:"spec"`
	Status            GadgetStatus  `json:"status,omitempty"`
}

type OldGadgetSpec struct {
	// Size is such as 3x4.
	Size   string `json:"size"`
	Colour string `json:"colour,omitempty"`
}

func addToScheme(scheme *runtime.Scheme) {
	scheme.AddKnownTypeWithName(v1.WithKind("Gadget"), &Gadget{})
	scheme.AddKnownTypeWithName(v1.WithKind("GadgetList"), &GadgetList{})
	scheme.AddKnownTypeWithName(v1beta1.WithKind("Gadget"), &OldGadget{})
	metav1.AddToGroupVersion(scheme, v1)
	metav1.AddToGroupVersion(scheme, v1beta1)
}

func (g *Gadget) Hub() {}

func (g *OldGadget) ConvertTo(hub conversion.Hub) error {
	to := hub.(*Gadget)
	to.ObjectMeta, to.Status, to.Spec.Colour = g.ObjectMeta, g.Status, g.Spec.Colour
	if _, err := fmt.Sscanf(g.Spec.Size, "%dx%d", &to.Spec.Width, &to.Spec.Height); err != nil {
		return fmt.Errorf("spec.size: %q is not such as 3x4", g.Spec.Size)
	}
	return nil
}

func (g *OldGadget) ConvertFrom(hub conversion.Hub) error {
	from := hub.(*Gadget)
	g.ObjectMeta, g.Status = from.ObjectMeta, from.Status
	g.Spec = OldGadgetSpec{Size: fmt.Sprintf("%dx%d", from.Spec.Width, from.Spec.Height), Colour: from.Spec.Colour}
	return nil
}

func (s GadgetStatus) copy() GadgetStatus {
	s.Conditions = append([]metav1.Condition(nil), s.Conditions...)
	return s
}

func (g *Gadget) DeepCopyObject() runtime.Object { return g.DeepCopy() }

func (g *Gadget) DeepCopy() *Gadget {
	out := *g
	g.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Status = g.Status.copy()
	return &out
}

func (g *OldGadget) DeepCopyObject() runtime.Object {
	out := *g
	g.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Status = g.Status.copy()
	return &out
}

func (l *GadgetList) DeepCopyObject() runtime.Object {
	out := GadgetList{TypeMeta: l.TypeMeta}
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range l.Items {
		out.Items = append(out.Items, *l.Items[i].DeepCopy())
	}
	return &out
}
