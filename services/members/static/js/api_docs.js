// Shows the OpenAPI document of one service, and lets whoever has a key try it.
const box = document.getElementById("api");

window.SwaggerUIBundle({
  url: box.dataset.document,
  domNode: box,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing leaves this site
});
