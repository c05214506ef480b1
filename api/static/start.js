// Show the document of the API on the page that has loaded Swagger UI.
SwaggerUIBundle({
  url: "/apidocs.json",
  dom_id: "#swagger",
  deepLinking: true,
  docExpansion: "list",
  tryItOutEnabled: true,
  persistAuthorization: false,
});
