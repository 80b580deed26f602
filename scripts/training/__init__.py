"""Training of the bundled feature network: pictures, networks, distillation."""
