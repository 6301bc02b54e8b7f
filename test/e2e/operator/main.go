// An operator as others write them, with controller-runtime: it shows that what they rely on is there. Of each Gadget it makes a
// ConfigMap and says so in the status; its webhooks convert, default and validate; one of several processes leads.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const certificates = "/certificates"

func main() {
	ctrl.SetLogger(zap.New())
	if err := run(); err != nil {
		ctrl.Log.Error(err, "ended")
		os.Exit(1)
	}
}

func run() error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		return err
	}
	addToScheme(scheme)
	ctx := ctrl.SetupSignalHandler()
	config := ctrl.GetConfigOrDie()
	if err := trustConversion(ctx, config, scheme); err != nil {
		return err
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		LeaderElection:                true,
		LeaderElectionID:              "gadgets.operator.berth.example",
		LeaderElectionReleaseOnCancel: true,
		Metrics:                       server.Options{BindAddress: ":8080"},
		HealthProbeBindAddress:        ":8081",
		WebhookServer:                 webhook.NewServer(webhook.Options{Port: 9443, CertDir: certificates}),
	})
	if err != nil {
		return err
	}
	err = errors.Join(
		manager.AddReadyzCheck("webhooks", manager.GetWebhookServer().StartedChecker()),
		manager.AddHealthzCheck("ping", healthz.Ping),
		ctrl.NewControllerManagedBy(manager).For(&Gadget{}).Owns(&corev1.ConfigMap{}).Complete(&reconciler{manager.GetClient(), scheme}),
		ctrl.NewWebhookManagedBy(manager, &Gadget{}).WithDefaulter(admissionOfGadgets{}).WithValidator(admissionOfGadgets{}).Complete(),
	)
	if err != nil {
		return err
	}
	return manager.Start(ctx)
}

// trustConversion writes the authority that a chart has made into the definition, which a chart installs from crds/ as it is.
func trustConversion(ctx context.Context, config *rest.Config, scheme *runtime.Scheme) error {
	authority, err := os.ReadFile(certificates + "/ca.crt")
	if err != nil {
		return err
	}
	direct, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := direct.Get(ctx, client.ObjectKey{Name: "gadgets.operator.berth.example"}, definition); err != nil {
		return err
	}
	former := definition.DeepCopy()
	definition.Spec.Conversion.Webhook.ClientConfig.CABundle = authority
	definition.Spec.Conversion.Webhook.ClientConfig.Service.Namespace = os.Getenv("NAMESPACE")
	return direct.Patch(ctx, definition, client.MergeFrom(former))
}

type reconciler struct {
	client.Client
	scheme *runtime.Scheme
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	gadget := &Gadget{}
	if err := r.Get(ctx, request.NamespacedName, gadget); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: gadget.Name, Namespace: gadget.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, made, func() error {
		made.Data = map[string]string{
			"area": fmt.Sprint(gadget.Spec.Width * gadget.Spec.Height), "colour": gadget.Spec.Colour, "by": os.Getenv("POD_NAME"),
		}
		return controllerutil.SetControllerReference(gadget, made, r.scheme)
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	former := gadget.DeepCopy()
	gadget.Status.ObservedGeneration = gadget.Generation
	meta.SetStatusCondition(&gadget.Status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "Made", Message: "the ConfigMap is there", ObservedGeneration: gadget.Generation,
	})
	return ctrl.Result{}, r.Status().Patch(ctx, gadget, client.MergeFrom(former))
}

type admissionOfGadgets struct{}

func (admissionOfGadgets) Default(_ context.Context, gadget *Gadget) error {
	if gadget.Spec.Colour == "" {
		gadget.Spec.Colour = "blue"
	}
	return nil
}

func (admissionOfGadgets) ValidateCreate(_ context.Context, gadget *Gadget) (admission.Warnings, error) {
	if gadget.Spec.Width*gadget.Spec.Height > 100 {
		return nil, errors.New("spec: an area is at most 100")
	}
	if gadget.Spec.Colour == "pink" {
		return admission.Warnings{"spec.colour: pink fades"}, nil
	}
	return nil, nil
}

func (a admissionOfGadgets) ValidateUpdate(ctx context.Context, old, gadget *Gadget) (admission.Warnings, error) {
	if old.Spec.Width != gadget.Spec.Width {
		return nil, errors.New("spec.width: is immutable")
	}
	return a.ValidateCreate(ctx, gadget)
}

func (admissionOfGadgets) ValidateDelete(context.Context, *Gadget) (admission.Warnings, error) {
	return nil, nil
}
