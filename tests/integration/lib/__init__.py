# SPDX-License-Identifier: Apache-2.0
"""Hosts, underlays and measurements for tests that run the real daemon in network namespaces."""
