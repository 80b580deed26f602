"""Pictures as arrays and tensors: conversion, resizing, warping."""
